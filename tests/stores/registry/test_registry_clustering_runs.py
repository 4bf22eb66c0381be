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
    assert stored.id == run.id
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


async def test_a_run_that_is_there_does_not_wait_anew(registry: Registry) -> None:
    queued = await registry.clustering_runs.enqueue(run_of())
    assert queued.status is ClusteringRunStatus.QUEUED
    for change in ({"job_name": "Another"}, {"started_at": NOW + DAY}):
        assert await registry.clustering_runs.enqueue(queued.model_copy(update=change)) == queued
    running = await registry.clustering_runs.open(queued.model_copy(update={"started_at": NOW + DAY}))
    assert (running.status, running.started_at) == (ClusteringRunStatus.RUNNING, NOW + DAY)
    assert await registry.clustering_runs.enqueue(queued) == running
    ended = running.model_copy(update=DONE)
    assert await registry.clustering_runs.close(ended)
    assert await registry.clustering_runs.enqueue(queued) == ended
    other = (await registry.access.create_project("Other")).id
    for change in (registry.clustering_runs.open, registry.clustering_runs.enqueue):
        with pytest.raises(StoreRejected):
            await change(queued.model_copy(update={"project_id": other}))


@pytest.mark.parametrize("status", [status for status in ClusteringRunStatus if status.has_ended])
async def test_a_run_that_has_ended_begins_anew(registry: Registry, status: ClusteringRunStatus) -> None:
    """Whatever became of it: its day is done again."""
    first = await completed(registry, run_of(0), next_cluster_id=4)
    before = await registry.clustering_runs.open(run_of(1))
    end = DONE | {"status": status, "next_cluster_id": 9, "reason": "Old.", "cost_usd": 1.0}
    assert await registry.clustering_runs.close(before.model_copy(update=end))
    again = before.model_copy(update={"started_at": NOW + 9 * DAY, "job_name": "Renamed", "previous": None})

    opened = await registry.clustering_runs.open(again)

    assert opened == again.model_copy(update={"previous": first.id, "next_cluster_id": 9})
    assert await registry.clustering_runs.open(again) == opened
    assert await registry.clustering_runs.first_cluster_id(opened) == 4
    late = before.model_copy(update=DONE | {"status": ClusteringRunStatus.FAILED})
    assert await registry.clustering_runs.close(late) is False
    ended = opened.model_copy(update=DONE | {"counts": ClusteringRunCounts(items=5)})
    assert await registry.clustering_runs.close(ended)
    assert await registry.clustering_runs.get(PROJECT, before.id) == ended


async def test_one_run_of_a_job_and_level_is_at_work(registry: Registry) -> None:
    runs = registry.clustering_runs
    for kind in ({}, {"job_id": None}, {"job_id": uuid4()}, {"level": AnalysisLevel.GENERATION}):
        last, third, second, first = (run_of(day, **kind) for day in (3, 2, 1, 0))
        running = await runs.open(last)
        assert running.id == last.id
        for waiting in (third, first, second):
            assert await runs.open(waiting) == running
            stored = await runs.get(PROJECT, waiting.id)
            assert stored is not None
            assert stored.status is ClusteringRunStatus.QUEUED
        assert await runs.open(last) == running
        assert await runs.close(running.model_copy(update=DONE))
        assert (await runs.open(third)).id == (await runs.open(second)).id == first.id
        assert await runs.open(first) == first
        assert await runs.open(third) == first
        assert await runs.close(first.model_copy(update=DONE))
        assert (await runs.open(third)).id == second.id
        ended = second.model_copy(update=DONE | {"status": ClusteringRunStatus.FAILED})
        assert await runs.close(ended)
        assert (await runs.open(third)).previous == first.id


async def test_a_day_that_is_done_again_waits_as_well(registry: Registry) -> None:
    ended = await completed(registry, run_of(0), next_cluster_id=3)
    running = await registry.clustering_runs.open(run_of(1))
    again = ended.model_copy(update={"status": ClusteringRunStatus.RUNNING, "finished_at": None})
    assert await registry.clustering_runs.open(again) == running
    waiting = await registry.clustering_runs.get(PROJECT, ended.id)
    assert waiting == again.model_copy(update={"status": ClusteringRunStatus.QUEUED})
    assert await registry.clustering_runs.close(again.model_copy(update=DONE))


async def test_a_run_whose_job_has_another_level_by_now_waits_for_those_of_that_level(
    registry: Registry,
) -> None:
    """Its workflow was terminated, and begins anew before anybody has noticed."""
    lost = await registry.clustering_runs.open(run_of(0))
    running = await registry.clustering_runs.open(run_of(1, level=AnalysisLevel.GENERATION))
    again = lost.model_copy(update={"level": AnalysisLevel.GENERATION})
    assert await registry.clustering_runs.open(again) == running
    waiting = await registry.clustering_runs.get(PROJECT, lost.id)
    assert waiting == again.model_copy(update={"status": ClusteringRunStatus.QUEUED})


async def test_of_racing_runs_one_is_at_work(registry: Registry, second: Registry) -> None:
    runs = [run_of(day) for day in range(8)]
    opened = await asyncio.gather(
        *(each.clustering_runs.open(run) for run, each in zip(runs, [registry, second] * 4, strict=True))
    )
    assert {run.status for run in opened} == {ClusteringRunStatus.RUNNING}
    assert len({run.id for run in opened}) == 1
    count, _ = await registry.clustering_runs.list(
        PROJECT, ClusteringRunQuery(status=ClusteringRunStatus.QUEUED)
    )
    assert count == 7


async def test_racing_attempts_open_one_run(registry: Registry, second: Registry) -> None:
    run_id = uuid4()
    attempts = [run_of(id=run_id, started_at=NOW + timedelta(seconds=number)) for number in range(8)]
    opened = await asyncio.gather(
        *(
            each.clustering_runs.open(attempt)
            for attempt, each in zip(attempts, [registry, second] * 4, strict=True)
        )
    )
    assert {run.id for run in opened} == {run_id}
    assert await registry.clustering_runs.get(PROJECT, run_id) in attempts


async def test_what_a_run_starts_from(registry: Registry) -> None:
    first = await completed(registry, run_of(0), next_cluster_id=9)
    second = await completed(registry, run_of(1), next_cluster_id=11)
    failed = await registry.clustering_runs.open(run_of(2))
    await registry.clustering_runs.close(
        failed.model_copy(update=DONE | {"status": ClusteringRunStatus.FAILED, "next_cluster_id": 13})
    )
    skipped = await registry.clustering_runs.open(run_of(3))
    await registry.clustering_runs.close(
        skipped.model_copy(update=DONE | {"status": ClusteringRunStatus.SKIPPED})
    )
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
    assert (second.previous, third.previous, third.next_cluster_id) == (first.id, second.id, 13)


async def test_windows_that_are_caught_up_on_follow_those_before_them(registry: Registry) -> None:
    """Their clusters have ids of their own nonetheless."""
    newest = await completed(registry, run_of(5), next_cluster_id=4)
    before = None
    for day, reached in ((1, 7), (2, 8), (3, 9)):
        caught_up = await completed(registry, run_of(day, started_at=NOW + 6 * DAY), next_cluster_id=reached)
        assert caught_up.previous == before
        before = caught_up.id
    opened = await registry.clustering_runs.open(run_of(6))
    assert (opened.previous, opened.next_cluster_id) == (newest.id, 9)


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
    later = await registry.clustering_runs.enqueue(run_of(2))
    sooner = await registry.clustering_runs.open(run_of(1, job_id=None))
    other = (await registry.access.create_project("Other")).id
    foreign = await registry.clustering_runs.open(run_of(3, project_id=other))

    assert await registry.clustering_runs.under_way() == [sooner, later, foreign]
    assert await registry.clustering_runs.under_way(PROJECT) == [sooner, later]
    assert await registry.clustering_runs.under_way(PROJECT, JOB) == [later]
    assert await registry.clustering_runs.under_way(job_id=JOB) == [later, foreign]


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
    "changes", [{"project_id": 77}, {"window_start": NOW + DAY}], ids=["no_such_project", "window_turned"]
)
async def test_the_database_keeps_the_rules(registry: Registry, changes: dict[str, Any]) -> None:
    for store in (registry.clustering_runs.open, registry.clustering_runs.enqueue):
        with pytest.raises(StoreRejected):
            await store(run_of(**changes))


@pytest.mark.parametrize(
    "changes",
    [{"status": ClusteringRunStatus.COMPLETED}, {"finished_at": NOW}, {"next_cluster_id": -1} | DONE],
    ids=["ended_without_end", "end_of_a_running_one", "no_such_number"],
)
async def test_the_database_keeps_the_rules_of_an_end(registry: Registry, changes: dict[str, Any]) -> None:
    run = await registry.clustering_runs.open(run_of())
    with pytest.raises(StoreRejected):
        await registry.clustering_runs.close(run.model_copy(update=changes))
