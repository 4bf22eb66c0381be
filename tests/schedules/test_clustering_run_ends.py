"""Runs whose workflow has ended without a word are closed, by `reconcile`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.job_workflows import JobWorkflowActivities
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunStatus
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.clustering_rows import opened_run
from assay.temporal.clustering_runs import start_run
from schedules.job_kinds import OFF, JobCrons
from schedules.job_schedules import JobSchedules
from tests.harness.api import ApiWorld, api_world
from tests.harness.registry import new_registry

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(minutes=2)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ApiWorld]:
    async with api_world(await new_registry(tmp_path / "registry.sqlite")) as world:
        yield world


async def begun(
    world: ApiWorld, client: Client | None = None, *, started_at: datetime = LONG_AGO
) -> ClusteringRun:
    """A run that is running, as far as the registry knows; with a workflow if there is a client."""
    given = ClusteringRunInput(project_id=1, job_id=uuid4())
    workflow_id = f"clustering-run-{given.job_id}-lost"
    if client is not None:
        workflow_id = await start_run(client, given, level=AnalysisLevel.TRACE, job_name="", at=NOW)
    run = opened_run(given, None, workflow_id=workflow_id, at=NOW, now=started_at)
    return await world.registry.clustering_runs.open(run)


async def now(world: ApiWorld, run: ClusteringRun) -> tuple[ClusteringRunStatus, str, datetime | None]:
    found = await world.registry.clustering_runs.get(1, run.id)
    assert found is not None
    return found.status, found.reason.partition(":")[0], found.finished_at


async def test_what_has_ended_without_a_word_has_failed(world: ApiWorld, server: Client) -> None:
    registry: Any = world.registry
    alive = await begun(world, server)
    terminated = await begun(world, server)
    handle = server.get_workflow_handle(terminated.workflow_id)
    await handle.terminate()
    lost = await begun(world)
    new = await begun(world, started_at=NOW)
    off = JobSchedules(server, registry, crons=JobCrons(summarization=OFF, clustering=OFF))
    keep = JobWorkflowActivities(client=server, schedules=off, runs=registry.clustering_runs).keep

    kept = await ActivityEnvironment().run(keep)

    assert (kept.runs_closed, kept.failure) == (2, "")
    closed_at = (await handle.describe()).close_time
    assert await now(world, terminated) == (ClusteringRunStatus.FAILED, "terminated", closed_at)
    assert (await now(world, lost))[:2] == (ClusteringRunStatus.FAILED, "not_found")
    for run in (alive, new):
        assert await now(world, run) == (ClusteringRunStatus.RUNNING, "", None)
    assert (await ActivityEnvironment().run(keep)).runs_closed == 0
    await server.get_workflow_handle(alive.workflow_id).terminate()
