"""Runs of clustering jobs in the registry, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec
from assay.contracts.clustering_runs import (
    ClusteringRun,
    ClusteringRunCounts,
    ClusteringRunQuery,
    ClusteringRunStatus,
    ClusteringTrigger,
)
from assay.errors import FieldError, StoreRejected
from assay.ports import Registry

PROJECT = 1
JOB = UUID(int=7)
NOW = datetime(2026, 11, 21, 0, 15, tzinfo=UTC)
DAY = timedelta(days=1)
DONE = {"status": ClusteringRunStatus.COMPLETED, "finished_at": NOW + timedelta(minutes=1)}


def run_of(day: int = 0, /, **changes: Any) -> ClusteringRun:
    """A run of a day that has begun."""
    due = NOW + day * DAY
    fields: dict[str, Any] = {
        "id": uuid4(),
        "project_id": PROJECT,
        "run_id": f"1_trace_{due:%Y%m%d_%H%M%S}",
        "job_id": JOB,
        "job_name": "Größe",
        "level": AnalysisLevel.TRACE,
        "trigger": ClusteringTrigger.SCHEDULED,
        "workflow_id": f"clustering-run-{JOB}-{due:%Y-%m-%dT%H:%M:%SZ}",
        "window_start": due - 7 * DAY,
        "window_end": due,
        "started_at": due,
    }
    return ClusteringRun(**fields | changes)


async def completed(registry: Registry, run: ClusteringRun, *, next_cluster_id: int = 0) -> ClusteringRun:
    stored = await registry.clustering_runs.open(run)
    ended = stored.model_copy(update=DONE | {"next_cluster_id": next_cluster_id})
    assert await registry.clustering_runs.close(ended)
    return ended


async def test_what_is_stored_comes_back(registry: Registry) -> None:
    run = run_of()
    assert await registry.clustering_runs.open(run) == run
    assert await registry.clustering_runs.get(PROJECT, run.id) == run
    assert await registry.clustering_runs.find(run.id) == run

    ended = run.model_copy(
        update=DONE
        | {
            "reason": "all_noise: No two items are alike.",
            "counts": ClusteringRunCounts(found=9, items=8, without_text=1, clusters=2, noise=3, died=(4, 1)),
            "next_cluster_id": 12,
            "parameters": {"method": "hdbscan", "stability": 0.1 + 0.2, "z": {"a": None}},
            "cost_usd": 0.25,
        }
    )
    assert await registry.clustering_runs.close(ended) is True
    assert await registry.clustering_runs.get(PROJECT, run.id) == ended


async def test_a_run_ends_once(registry: Registry) -> None:
    ended = await completed(registry, run_of())
    late = ended.model_copy(update={"status": ClusteringRunStatus.FAILED, "reason": "timeout: Too late."})
    assert await registry.clustering_runs.close(late) is False
    assert await registry.clustering_runs.get(PROJECT, ended.id) == ended
    assert await registry.clustering_runs.close(run_of(**DONE)) is False


async def test_a_run_that_is_there_stays_as_it_is(registry: Registry) -> None:
    ended = await completed(registry, run_of(), next_cluster_id=5)
    again = ended.model_copy(update={"status": ClusteringRunStatus.RUNNING, "finished_at": None})
    assert await registry.clustering_runs.open(again) == ended
    other = (await registry.access.create_project("Other")).id
    with pytest.raises(StoreRejected):
        await registry.clustering_runs.open(again.model_copy(update={"project_id": other}))


async def test_racing_attempts_open_one_run(registry: Registry, second: Registry) -> None:
    run_id = uuid4()
    attempts = [run_of(id=run_id, started_at=NOW + timedelta(seconds=number)) for number in range(8)]
    opened = await asyncio.gather(
        *(
            each.clustering_runs.open(attempt)
            for attempt, each in zip(attempts, [registry, second] * 4, strict=True)
        )
    )
    assert opened == [opened[0]] * 8
    assert opened[0] in attempts


async def test_what_a_run_starts_from(registry: Registry) -> None:
    first = await completed(registry, run_of(0), next_cluster_id=9)
    second = await completed(registry, run_of(1), next_cluster_id=11)
    failed = await registry.clustering_runs.open(run_of(2))
    await registry.clustering_runs.close(
        failed.model_copy(update=DONE | {"status": ClusteringRunStatus.FAILED, "next_cluster_id": 99})
    )
    await registry.clustering_runs.open(run_of(3))  # still running
    for other in (
        {"job_id": uuid4()},
        {"job_id": None},
        {"level": AnalysisLevel.GENERATION},
        {"project_id": (await registry.access.create_project("Other")).id},
    ):
        opened = await completed(registry, run_of(4, **other), next_cluster_id=50)
        assert (opened.previous, (await registry.clustering_runs.open(run_of(5, **other))).previous) == (
            None,
            opened.id,
        )

    third = await registry.clustering_runs.open(run_of(6, previous=first.id, next_cluster_id=3))
    assert (second.previous, third.previous, third.next_cluster_id) == (first.id, second.id, 11)


async def test_a_window_that_is_caught_up_on_is_not_the_newest(registry: Registry) -> None:
    """Its clusters have ids of their own nonetheless."""
    newest = await completed(registry, run_of(5), next_cluster_id=4)
    caught_up = run_of(1, started_at=NOW + 6 * DAY)
    await completed(registry, caught_up, next_cluster_id=7)
    opened = await registry.clustering_runs.open(run_of(6))
    assert (opened.previous, opened.next_cluster_id) == (newest.id, 7)


async def test_lists_are_newest_first_and_of_what_is_asked_for(registry: Registry) -> None:
    old = await completed(registry, run_of(0))
    new = await registry.clustering_runs.open(run_of(1, level=AnalysisLevel.EVALUATION))
    implicit = await registry.clustering_runs.open(run_of(2, job_id=None, job_name=""))
    other = (await registry.access.create_project("Other")).id
    foreign = await registry.clustering_runs.open(run_of(3, project_id=other))

    async def listed(**query: Any) -> tuple[int, list[UUID]]:
        count, runs = await registry.clustering_runs.list(PROJECT, ClusteringRunQuery(**query))
        return count, [run.id for run in runs]

    assert await listed() == (3, [implicit.id, new.id, old.id])
    assert await listed(limit=1, offset=1) == (3, [new.id])
    assert await listed(job_id=JOB) == (2, [new.id, old.id])
    assert await listed(status=ClusteringRunStatus.COMPLETED) == (1, [old.id])
    assert await listed(level=AnalysisLevel.EVALUATION, job_id=JOB) == (1, [new.id])
    assert await listed(order_by=("started_at",)) == (3, [old.id, new.id, implicit.id])
    with pytest.raises(FieldError):
        await listed(order_by=("cost_usd",))
    assert await registry.clustering_runs.get(PROJECT, foreign.id) is None
    assert await registry.clustering_runs.find(foreign.id) == foreign


async def test_runs_that_go_on(registry: Registry) -> None:
    await completed(registry, run_of(0))
    later = await registry.clustering_runs.open(run_of(2))
    sooner = await registry.clustering_runs.open(run_of(1, job_id=None))
    other = (await registry.access.create_project("Other")).id
    foreign = await registry.clustering_runs.open(run_of(3, project_id=other))

    assert await registry.clustering_runs.running() == [sooner, later, foreign]
    assert await registry.clustering_runs.running(PROJECT) == [sooner, later]
    assert await registry.clustering_runs.running(PROJECT, JOB) == [later]
    assert await registry.clustering_runs.running(job_id=JOB) == [later, foreign]


async def test_runs_outlive_their_job(registry: Registry) -> None:
    job = await registry.clustering_jobs.create(
        PROJECT, ClusteringJobSpec(name="Checkout", analysis_level=AnalysisLevel.TRACE)
    )
    run = await registry.clustering_runs.open(run_of(job_id=job.id, job_name=job.name))
    assert await registry.clustering_jobs.delete(PROJECT, job.id)
    assert await registry.clustering_runs.list(PROJECT, ClusteringRunQuery(job_id=job.id)) == (1, [run])


async def test_what_cannot_be_stored(registry: Registry) -> None:
    run = await registry.clustering_runs.open(run_of())
    hostile = "\0 and half a smiley: \ud83d"
    ended = run.model_copy(update=DONE | {"reason": hostile, "parameters": {"said": hostile}})
    assert await registry.clustering_runs.close(ended)
    stored = await registry.clustering_runs.get(PROJECT, run.id)
    assert stored is not None
    assert stored.reason == "\N{REPLACEMENT CHARACTER} and half a smiley: \N{REPLACEMENT CHARACTER}"
    assert stored.parameters == {"said": hostile}


@pytest.mark.parametrize(
    "changes",
    [
        {"project_id": 77},
        {"window_start": NOW + DAY},
        {"status": ClusteringRunStatus.COMPLETED},
        {"finished_at": NOW},
    ],
    ids=["no_such_project", "window_turned", "ended_without_end", "end_of_a_running_one"],
)
async def test_the_database_keeps_the_rules(registry: Registry, changes: dict[str, Any]) -> None:
    with pytest.raises(StoreRejected):
        await registry.clustering_runs.open(run_of(**changes))
