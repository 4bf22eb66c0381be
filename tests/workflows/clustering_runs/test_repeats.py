"""Days that are done again or made up for, and runs of one job side by side: ids of clusters stay unique."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from temporalio.testing import ActivityEnvironment

from activities.clustering_runs import ClusteringRunActivities
from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec
from assay.contracts.clustering_runs import NOISE, ClusteringRunStatus
from assay.contracts.clustering_workflows import (
    ClusteringRunInput,
    ClusteringStep,
    OpenClusteringRun,
)
from assay.domain.clustering_rows import clustering_run_uuid
from assay.temporal.clustering_runs import close_if_ended
from tests.workflows.clustering_runs.world import ClusteringWorld, topic_of
from tests.workflows.scripted_batches import until

ONLY_CARDS = [{"key": "$ai_trace_id", "value": "card", "operator": "icontains", "type": "event"}]


def ids(told: dict[str, Any]) -> dict[str, int]:
    """Topic → id of its cluster; every cluster of the event has an id of its own."""
    found = [each for each in told["$ai_clusters"] if each["cluster_id"] != NOISE]
    assert len({each["cluster_id"] for each in found}) == len(found)
    return {topic_of(each)[0]: each["cluster_id"] for each in found}


def of_day(world: ClusteringWorld, day: int) -> dict[str, Any]:
    """What was told on a day, the first of which is 0."""
    return world.told()[day]


def filtered(filters: list[Any]) -> Callable[[Any], ClusteringJobSpec]:
    return lambda job: ClusteringJobSpec(
        name=job.name, analysis_level=job.analysis_level, event_filters=filters
    )


async def test_clusters_that_a_repeated_day_adds_have_ids_of_their_own(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_on(0, "parcel", "card")
    first = await world.run(job)
    world.ask_on(0, "recipe")
    again = await world.run(job)
    assert again.id == first.id
    row = await world.row(again)
    assert (row.counts.items, row.counts.clusters, row.next_cluster_id) == (36, 3, 3)
    redone = ids(of_day(world, 0))
    assert len(redone) == 3

    world.ask_on(1, "taxes")
    await world.run(job, days_later=1)

    now = ids(of_day(world, 1))
    assert now == redone | {"taxes": 3}


async def test_a_repeated_day_leaves_alone_the_ids_of_later_ones(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_on(0, "parcel", "card")
    await world.run(job)
    world.ask_on(1, "taxes")
    await world.run(job, days_later=1)
    later = ids(of_day(world, 1))
    world.ask_on(0, "recipe")
    row = await world.row(await world.run(job))
    redone = ids(of_day(world, 0))
    assert not set(redone.values()) & {later["taxes"]}
    assert (row.previous, row.next_cluster_id) == (None, 1 + max(redone.values()))


async def test_a_day_without_items_becomes_what_it_is_made_up_to(world: ClusteringWorld) -> None:
    job = await world.job()
    skipped = await world.row(await world.run(job))
    assert (skipped.status, skipped.reason.partition(":")[0]) == ("skipped", "no_items")
    world.ask_all(8)

    row = await world.row(await world.run(job))

    assert row.id == skipped.id
    assert (row.status, row.reason, row.counts.items) == ("completed", "", 24)
    assert row.next_cluster_id == row.counts.clusters
    assert (await world.row(await world.run(job, days_later=1))).previous == row.id


async def test_a_terminated_day_becomes_what_it_is_made_up_to(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    world.fails_after.left["sample-clustering-items"] = 1_000
    handle = await world.start(job)
    await until(lambda: world.fails_after.left["sample-clustering-items"] < 1_000)
    await handle.terminate()
    world.fails_after.left.clear()

    row = await world.row(await world.run(job))

    assert (row.status, row.counts.items) == ("completed", 24)
    assert row.finished_at is not None


async def test_days_that_are_made_up_for_follow_each_other(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_on(9, "recipe", "taxes")
    world.ask_on(0, "parcel", "card")
    runs = {day: await world.row(await world.run(job, days_later=day)) for day in (9, 1, 2, 3)}
    assert [runs[day].previous for day in (9, 1, 2, 3)] == [None, None, runs[1].id, runs[2].id]
    second, third, fourth, last = (ids(told) for told in world.told())
    assert second == third == fourth
    assert not set(second.values()) & set(last.values())
    assert [told["$ai_clusters_died"] for told in world.told()] == [[], [], [], []]


async def test_runs_of_one_job_follow_each_other(world: ClusteringWorld) -> None:
    """Side by side they would hand out the same ids, and pay for the same names."""
    job = await world.job()
    world.ask_on(0, "parcel", "card")
    handles = [await world.start(job, days_later=day) for day in range(4)]
    results = [await handle.result() for handle in handles]
    assert {result.outcome for result in results} == {"completed"}
    assert len(world.model.asked) == 1
    previous = {(await world.row(result)).previous for result in results}
    assert len(previous) == 4
    assert len({tuple(ids(told).values()) for told in world.told()}) == 1


async def test_a_run_whose_holder_is_terminated_is_not_kept_waiting(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(4)
    world.fails_after.left["sample-clustering-items"] = 1_000
    holder = await world.start(job)
    await until(lambda: world.fails_after.left["sample-clustering-items"] < 1_000)
    waiting = await world.start(job, days_later=1)
    held, queued = clustering_run_uuid(holder.id), clustering_run_uuid(waiting.id)
    runs = world.registry.clustering_runs
    while {run.id for run in await runs.under_way()} != {held, queued}:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert (await world.row(queued)).status is ClusteringRunStatus.QUEUED
    await holder.terminate()
    world.fails_after.left.clear()
    assert await close_if_ended(world.client, runs, await world.row(held))
    assert not await close_if_ended(world.client, runs, await world.row(queued))
    assert (await waiting.result()).outcome == "completed"
    assert (await world.row(held)).reason.startswith("terminated: ")


async def test_what_is_drawn_again_replaces_what_was_drawn(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    assert (await world.run(job)).items == 24
    await world.registry.clustering_jobs.update(world.project_id, job, filtered(ONLY_CARDS))

    row = await world.row(await world.run(job))

    assert (row.counts.found, row.counts.items, row.counts.without_text) == (8, 8, 0)
    [told] = world.told()
    assert {topic_of(each) for each in told["$ai_clusters"]} == {("card", 1.0)}


async def test_a_sample_that_is_tried_again_is_not_added_to(world: ClusteringWorld) -> None:
    job = await world.job()
    world.ask_all(8)
    activities = _activities(world)
    environment = ActivityEnvironment()
    step = await _opened(world, activities, job, max_items=10)
    await environment.run(activities.sample, step)
    world.ask_all(16, first=8)  # events come late, and the worker had ended before it could report
    sampled = await environment.run(activities.sample, step)
    read = await environment.run(activities.read, step)
    assert (sampled.found, sampled.drawn, read.with_text) == (72, 10, 10)


async def test_a_run_of_a_job_that_is_gone_has_the_level_that_the_job_had(world: ClusteringWorld) -> None:
    job = await world.job(AnalysisLevel.GENERATION)
    name = (await world.row(await world.run(job))).job_name
    await world.registry.clustering_jobs.delete(world.project_id, job)
    row = await world.row(await world.run(job, days_later=1))
    assert (row.level, row.job_name, row.reason.partition(":")[0]) == ("generation", name, "job_gone")


def _activities(world: ClusteringWorld) -> ClusteringRunActivities:
    return ClusteringRunActivities(
        registry=world.registry,
        sources=world.stores.clustering_sources,
        artefacts=world.stores.clustering_artefacts,
    )


async def _opened(
    world: ClusteringWorld, activities: ClusteringRunActivities, job: UUID, *, max_items: int
) -> ClusteringStep:
    given = ClusteringRunInput(project_id=world.project_id, job_id=job, max_items=max_items, at=world.at)
    asked = OpenClusteringRun(given=given, workflow_id=f"clustering-run-{job}", at=world.at)
    return ClusteringStep(given=given, plan=await ActivityEnvironment().run(activities.open, asked))
