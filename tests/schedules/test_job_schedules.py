"""Schedules follow clustering jobs, in Temporal and over the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    WorkflowExecutionDescription,
)
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.job_workflows import JobWorkflowActivities
from assay.adapters.sql import SqlRegistry
from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec
from assay.runtime.schedules import ensure_job_schedules
from assay.runtime.settings import Settings
from assay.temporal.ids import clustering_run_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.search_attributes import JOB, PROJECT, TRIGGER
from schedules import job_schedules
from schedules.job_kinds import OFF, PREFIXES, JobCrons, possible
from schedules.job_schedules import JobSchedules
from tests.harness.api import ApiWorld, api_world
from tests.harness.registry import new_registry
from tests.harness.temporal import terminate

JOBS = "/api/environments/1/llm_analytics/clustering_jobs/"
IMPLICIT = ["summarization-window-project-1", "clustering-run-project-1"]
"""Of a project without jobs."""


def schedules_of(job_id: UUID | str) -> list[str]:
    """The ids of those that a job could have: of its windows, and of its clusters."""
    return list(possible(1, UUID(str(job_id))))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ApiWorld]:
    async with api_world(await new_registry(tmp_path / "registry.sqlite")) as world:
        yield world


@pytest.fixture
async def temporal(server: Client) -> AsyncIterator[Client]:
    yield server
    async for listed in await server.list_schedules():
        if listed.id.startswith(PREFIXES):
            await server.get_schedule_handle(listed.id).delete()


async def exists(client: Client, schedule_id: str) -> bool:
    try:
        await client.get_schedule_handle(schedule_id).describe()
    except RPCError:
        return False
    return True


async def there(client: Client, *schedule_ids: str) -> list[bool]:
    return [await exists(client, schedule_id) for schedule_id in schedule_ids]


async def test_they_follow_what_the_api_is_told(world: ApiWorld, temporal: Client) -> None:
    async with world.client(temporal=temporal) as client:
        made = [await _create(client, name=name, level=level) for name, level in _NEW]
        first, second, third = (schedules_of(each["id"]) for each in made)
        assert await there(temporal, *first, *second, *third) == [True, True, True, True, False, True]
        assert await there(temporal, *IMPLICIT) == [False, False]
        for schedule_id in first:
            described = await temporal.get_schedule_handle(schedule_id).describe()
            action = described.schedule.action
            assert isinstance(action, ScheduleActionStartWorkflow)
            assert action.priority == fair(Rank.SUMMARIES, 1)
            assert described.typed_search_attributes.get(JOB) == made[0]["id"]

        await client.patch(f"{JOBS}{made[0]['id']}/", json={"enabled": False})
        assert await there(temporal, *first) == [False, False]
        await client.patch(f"{JOBS}{made[0]['id']}/", json={"enabled": True})
        assert await there(temporal, *first) == [True, True]
        await client.patch(f"{JOBS}{made[0]['id']}/", json={"analysis_level": "evaluation"})
        assert await there(temporal, *first) == [False, True]
        assert "verdicts" in await _summary(temporal, first[1])
        await client.delete(f"{JOBS}{made[1]['id']}/")
        assert await there(temporal, *second) == [False, False]
        for each in (made[0], made[2]):
            await client.delete(f"{JOBS}{each['id']}/")
        assert await there(temporal, *first, *IMPLICIT) == [False, False, True, True]


async def _summary(client: Client, schedule_id: str) -> str:
    action = (await client.get_schedule_handle(schedule_id).describe()).schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert isinstance(action.static_summary, Payload)
    [text] = await client.data_converter.decode([action.static_summary], [str])
    return str(text)


async def test_a_day_can_be_made_up_for_in_temporal(world: ApiWorld, temporal: Client) -> None:
    """As people do it in its UI: the runs have the times that they would have had."""
    registry: Any = world.registry
    job = await _stored(registry)
    await JobSchedules(temporal, registry, crons=JobCrons()).keep_all()
    _, schedule_id = schedules_of(job)
    day = datetime(2026, 11, 19, tzinfo=UTC)

    whole_day = ScheduleBackfill(day, day + timedelta(days=1), overlap=ScheduleOverlapPolicy.ALLOW_ALL)
    await temporal.get_schedule_handle(schedule_id).backfill(whole_day)

    at = day + timedelta(minutes=15)
    described = await _described(temporal, clustering_run_id(1, job, at))
    assert described.workflow_type == "clustering-run"
    assert described.raw_info.priority.priority_key == Rank.SUMMARIES
    found = described.typed_search_attributes
    assert [found.get(key) for key in (PROJECT, JOB, TRIGGER)] == ["1", str(job), "scheduled"]
    assert found.get(SearchAttributeKey.for_datetime("TemporalScheduledStartTime")) == at
    await terminate(temporal.get_workflow_handle(described.id))
    await registry.clustering_jobs.delete(1, job)


async def _described(client: Client, workflow_id: str) -> WorkflowExecutionDescription:
    async with asyncio.timeout(40):
        while True:
            with suppress(RPCError):  # it has not begun yet
                return await client.get_workflow_handle(workflow_id).describe()
            await asyncio.sleep(0.05)


async def is_listed(client: Client) -> bool:
    return {*IMPLICIT} <= {each.id async for each in await client.list_schedules()}


async def test_all_in_order_are_not_asked_for_one_by_one(
    world: ApiWorld, temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another rhythm is seen in the list; the rest by turns."""
    monkeypatch.setattr(job_schedules, "_LOOKED_INTO", 0)
    registry: Any = world.registry
    await JobSchedules(temporal, registry, crons=JobCrons()).keep_all()
    async with asyncio.timeout(40):
        while not await is_listed(temporal):  # noqa: ASYNC110  (the server is asked, it signals nothing)
            await asyncio.sleep(0.05)
    described: list[str] = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            return getattr(temporal, name)

        def get_schedule_handle(self, schedule_id: str) -> ScheduleHandle:
            described.append(schedule_id)
            return temporal.get_schedule_handle(schedule_id)

    client: Any = Counted()
    kept = await JobSchedules(client, registry, crons=JobCrons()).keep_all()
    assert (kept.schedules, kept.changed, described) == (2, 0, [])
    kept = await JobSchedules(client, registry, crons=JobCrons(summarization="30 * * * *")).keep_all()
    assert (kept.changed, described) == (1, IMPLICIT[:1])


_NEW = (("Traces", "trace"), ("Generations", "generation"), ("Verdicts", "evaluation"))


async def _create(client: httpx.AsyncClient, *, name: str, level: str) -> dict[str, Any]:
    response = await client.post(JOBS, json={"name": name, "analysis_level": level})
    assert response.status_code == 201
    found: dict[str, Any] = response.json()
    return found


async def test_a_change_is_stored_though_temporal_is_away(world: ApiWorld) -> None:
    async with world.client() as client:  # its Temporal fails at every use
        job = await _create(client, name="Traces", level="trace")
        assert (await client.patch(f"{JOBS}{job['id']}/", json={"enabled": False})).status_code == 200
        assert (await client.delete(f"{JOBS}{job['id']}/")).status_code == 204


async def _stored(registry: SqlRegistry, **changes: Any) -> UUID:
    spec = {"name": f"Job {uuid4()}", "analysis_level": AnalysisLevel.TRACE} | changes
    return (await registry.clustering_jobs.create(1, ClusteringJobSpec(**spec))).id


def activities(world: ApiWorld, temporal: Client, crons: JobCrons) -> JobWorkflowActivities:
    registry: Any = world.registry
    schedules = JobSchedules(temporal, registry, crons=crons)
    return JobWorkflowActivities(client=temporal, schedules=schedules, runs=registry.clustering_runs)


async def test_all_of_them_are_made_good(world: ApiWorld, temporal: Client) -> None:
    registry: Any = world.registry
    keep = activities(world, temporal, JobCrons()).keep

    await ensure_job_schedules(temporal, Settings(), registry)
    assert await there(temporal, *IMPLICIT) == [True, True]

    job = await _stored(registry)
    await _stored(registry, enabled=False)
    await temporal.get_schedule_handle(IMPLICIT[0]).pause(note="for now")
    kept = await _until_deleted(keep, 2)
    assert (kept.schedules, kept.failure) == (2, "")
    assert await there(temporal, *schedules_of(job), *IMPLICIT) == [True, True, False, False]

    for schedule_id in schedules_of(job):
        await temporal.get_schedule_handle(schedule_id).pause(note="too expensive")
    again = await ActivityEnvironment().run(keep)
    assert (again.changed, again.deleted) == (0, 0)
    await ActivityEnvironment().run(activities(world, temporal, JobCrons(clustering="30 1 * * *")).keep)
    for schedule_id in schedules_of(job):
        state = (await temporal.get_schedule_handle(schedule_id).describe()).schedule.state
        assert (state.paused, state.note) == (True, "too expensive")

    await registry.clustering_jobs.delete(1, job)
    await _until_deleted(keep, 2)
    assert await there(temporal, *schedules_of(job)) == [False, False]


@pytest.mark.parametrize("off", ["summarization", "clustering"])
async def test_switching_it_off_deletes_them(world: ApiWorld, temporal: Client, off: str) -> None:
    registry: Any = world.registry
    await ensure_job_schedules(temporal, Settings(), registry)
    settings = Settings.model_validate({f"{off}_cron": OFF})
    await _until_deleted(activities(world, temporal, settings.job_crons).keep, 1)
    assert await there(temporal, *IMPLICIT) == [off != "summarization", off != "clustering"]


async def _until_deleted(keep: Any, count: int) -> Any:
    """Do it until it has found so many to delete: the list of Schedules is a moment behind."""
    while True:
        kept = await ActivityEnvironment().run(keep)
        if kept.deleted:
            assert kept.deleted == count
            return kept


@pytest.mark.parametrize("name", ["summarization_cron", "clustering_cron"])
@pytest.mark.parametrize("text", ["", "never", "* * * *", "61 * * * *"])
def test_a_setting_that_is_no_cron_text_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        Settings.model_validate({name: text})
