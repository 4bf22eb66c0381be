"""Runs whose workflow has ended without a word are closed, by `reconcile`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import (
    Client,
    DescribeScheduleInput,
    DescribeWorkflowInput,
    Interceptor,
    OutboundInterceptor,
    ScheduleDescription,
    WorkflowExecutionDescription,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.job_workflows import JobWorkflowActivities
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunStatus
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.clustering_rows import opened_run
from assay.temporal.clustering_runs import start_run
from schedules.job_kinds import OFF, JobCrons, possible
from schedules.job_schedules import JobSchedules
from schedules.native import remove
from tests.harness.api import ApiWorld, api_world
from tests.harness.registry import new_registry
from tests.harness.temporal import terminate

NOW = datetime.now(UTC)
"""When this was loaded, which a test that comes late in the suite is many minutes after."""
LONG_AGO = NOW - timedelta(minutes=2)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ApiWorld]:
    async with api_world(await new_registry(tmp_path / "registry.sqlite")) as world:
        yield world


async def begun(
    world: ApiWorld, client: Client | None = None, *, started_at: datetime = LONG_AGO, waits: bool = False
) -> ClusteringRun:
    """A run that is running, as far as the registry knows; with a workflow if there is a client.

    Args:
        waits: it is queued.
    """
    given = ClusteringRunInput(project_id=1, job_id=uuid4())
    workflow_id = f"clustering-run-{given.job_id}-lost"
    if client is not None:
        workflow_id, _ = await start_run(client, given, level=AnalysisLevel.TRACE, job_name="", at=NOW)
    run = opened_run(given, None, workflow_id=workflow_id, at=NOW, now=started_at)
    runs = world.registry.clustering_runs
    return await (runs.enqueue(run) if waits else runs.open(run))


async def now(world: ApiWorld, run: ClusteringRun) -> tuple[ClusteringRunStatus, str, datetime | None]:
    found = await world.registry.clustering_runs.get(1, run.id)
    assert found is not None
    return found.status, found.reason.partition(":")[0], found.finished_at


async def test_what_has_ended_without_a_word_has_failed(world: ApiWorld, server: Client) -> None:
    registry: Any = world.registry
    alive = await begun(world, server)
    terminated = await begun(world, server)
    handle = server.get_workflow_handle(terminated.workflow_id)
    await terminate(handle)
    lost = await begun(world)
    lost_in_the_queue = await begun(world, waits=True)
    new = await begun(world, started_at=datetime.now(UTC))
    off = JobSchedules(server, registry, crons=JobCrons(summarization=OFF, clustering=OFF))
    keep = JobWorkflowActivities(client=server, schedules=off, runs=registry.clustering_runs).keep

    kept = await ActivityEnvironment().run(keep)

    assert (kept.runs_closed, kept.failure) == (3, "")
    closed_at = (await handle.describe()).close_time
    assert await now(world, terminated) == (ClusteringRunStatus.FAILED, "terminated", closed_at)
    for run in (lost, lost_in_the_queue):
        assert (await now(world, run))[:2] == (ClusteringRunStatus.FAILED, "not_found")
    for run in (alive, new):
        assert await now(world, run) == (ClusteringRunStatus.RUNNING, "", None)
    assert (await ActivityEnvironment().run(keep)).runs_closed == 0
    await terminate(server.get_workflow_handle(alive.workflow_id))


class _Refusing(Interceptor):
    """A Temporal service that does not let somebody look at workflows, or at Schedules."""

    def __init__(self, what: str) -> None:
        self._what = what

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        what = self._what

        class Outbound(OutboundInterceptor):
            async def describe_workflow(self, input: DescribeWorkflowInput) -> WorkflowExecutionDescription:
                if what == "workflows":
                    raise RPCError("not yours", RPCStatusCode.PERMISSION_DENIED, b"")
                return await super().describe_workflow(input)

            async def describe_schedule(self, input: DescribeScheduleInput) -> ScheduleDescription:
                if what == "schedules":
                    raise RPCError("not yours", RPCStatusCode.PERMISSION_DENIED, b"")
                return await super().describe_schedule(input)

        return Outbound(next)


@pytest.mark.parametrize("refused", ["workflows", "schedules"])
async def test_who_may_do_one_of_both_does_it(world: ApiWorld, server: Client, refused: str) -> None:
    registry: Any = world.registry
    await begun(world)
    config: dict[str, Any] = server.config() | {"interceptors": [_Refusing(refused)]}
    client = Client(**config)
    schedules = JobSchedules(client, registry, crons=JobCrons(summarization=OFF))
    keep = JobWorkflowActivities(client=client, schedules=schedules, runs=registry.clustering_runs).keep
    try:
        kept = await ActivityEnvironment().run(keep)
        if refused == "workflows":
            assert (kept.schedules, kept.failure, kept.runs_failure) == (1, "", "permission_denied")
        else:
            assert (kept.runs_closed, kept.failure, kept.runs_failure) == (1, "permission_denied", "")
    finally:
        await remove(server, possible(1, None))
