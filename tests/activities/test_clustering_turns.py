"""Runs of clustering jobs that are due at the same time take turns, and hold nothing while they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np
import pytest
from temporalio.testing import ActivityEnvironment

from activities import clustering_compute
from activities.clustering_compute import ClusteringComputeActivities
from assay.contracts.clustering_runs import ClusteringItem
from assay.contracts.clustering_workflows import (
    ClusteringPlan,
    ClusteringRunInput,
    ClusteringStep,
    ClusterItems,
    ItemsClustered,
)
from assay.domain.cluster_making import Made
from assay.domain.digests import digest_of
from assay.errors import TimedOut
from assay.temporal.retry import CLUSTERING_COMPUTE
from tests.workflows.scripted_batches import until

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MADE = Made(placements=(), shapes=(), histories={}, found=ItemsClustered(clusters=1, noise=0))


class Artefacts:
    """One text per run; tells which runs have read theirs."""

    def __init__(self) -> None:
        self.read: list[UUID] = []

    def items(self, project_id: int, run: UUID, *, after: str, limit: int) -> list[ClusteringItem]:
        if after:
            return []
        self.read.append(run)
        return [ClusteringItem(id="a", timestamp=NOW, text="text")]

    def put_placements(self, *given: object) -> None:
        pass

    put_histories = put_shapes = put_placements


class Turns:
    """Computes for as long as it is told to; only a caller whose turn it is may come."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.under_way = 0
        self.done = asyncio.Semaphore(0)

    async def run(self, function: Callable[..., Any], *arguments: object) -> Made:
        assert self.under_way < self.size
        self.under_way += 1
        try:
            await self.done.acquire()
        finally:
            self.under_way -= 1
        return MADE


def _activities(artefacts: Artefacts, compute: Turns) -> ClusteringComputeActivities:
    vectors = {digest_of("text"): np.ones(2, dtype=np.float32)}
    return ClusteringComputeActivities(
        runs=cast(Any, SimpleNamespace()),
        artefacts=cast(Any, artefacts),
        models=cast(Any, SimpleNamespace()),
        cache=cast(Any, SimpleNamespace(find=lambda *_: vectors)),
        compute=cast(Any, compute),
    )


def _given() -> ClusterItems:
    plan = ClusteringPlan(id=uuid4(), run_id="run", since=NOW, until=NOW)
    return ClusterItems(step=ClusteringStep(given=ClusteringRunInput(project_id=1), plan=plan), model="local")


@pytest.mark.parametrize("size", [1, 2])
async def test_a_run_reads_its_sample_when_it_is_its_turn(size: int) -> None:
    artefacts, compute = Artefacts(), Turns(size)
    activities = _activities(artefacts, compute)
    runs: Sequence[ClusterItems] = [_given() for _ in range(5)]
    tasks = [asyncio.create_task(ActivityEnvironment().run(activities.cluster, run)) for run in runs]
    for ended in range(5 - size):
        await until(lambda: compute.under_way == size and not compute.done._value)
        await asyncio.sleep(0.02)
        assert len(artefacts.read) == ended + size
        compute.done.release()
        await until(lambda expected=ended + 1: sum(task.done() for task in tasks) == expected)
    for _ in range(size):
        compute.done.release()
    assert await asyncio.gather(*tasks) == [MADE.found] * 5


async def test_what_takes_too_long_gives_its_turn_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering_compute, "_LONGEST", clustering_compute._LONGEST / 10_000)
    compute = Turns(1)
    activities = _activities(Artefacts(), compute)
    with pytest.raises(TimedOut):
        await ActivityEnvironment().run(activities.cluster, _given())
    compute.done.release()
    assert await ActivityEnvironment().run(activities.cluster, _given()) == MADE.found


def test_the_wait_for_a_turn_is_no_part_of_the_limit() -> None:
    assert CLUSTERING_COMPUTE.attempt > 10 * clustering_compute._LONGEST
