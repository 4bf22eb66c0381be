"""Schedules follow clustering jobs: by what is wanted, in Temporal, and over the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.client import Client, ScheduleActionStartWorkflow, ScheduleHandle
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.job_workflows import JobWorkflowActivities
from assay.adapters.sql import SqlRegistry
from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec, JobRef
from assay.contracts.summarization_windows import SummarizationWindowInput, WindowRef
from assay.runtime.schedules import ensure_job_schedules
from assay.runtime.settings import Settings
from assay.temporal.ids import SUMMARIZATION_WINDOW, summarization_window_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.search_attributes import JOB, PROJECT
from schedules import job_schedules
from schedules.job_schedules import OFF, SUMMARIZATION_CRON, JobSchedules, wanted
from tests.harness.api import ApiWorld, api_world
from tests.harness.registry import new_registry

JOBS = "/api/environments/1/llm_analytics/clustering_jobs/"
IMPLICIT = "summarization-window-project-1"


def a_job(level: str = "trace", *, enabled: bool = True, name: str = "Checkout") -> JobRef:
    return JobRef(id=uuid4(), project_id=1, name=name, analysis_level=AnalysisLevel(level), enabled=enabled)


def of(job_id: UUID | str) -> str:
    return summarization_window_id(WindowRef(project_id=1, job_id=UUID(str(job_id))))


def test_each_enabled_job_of_a_level_that_is_summarised_has_one() -> None:
    jobs = [a_job("trace"), a_job("generation"), a_job("evaluation"), a_job("trace", enabled=False)]
    schedules = wanted(1, jobs, cron="0 * * * *")
    assert [schedule.id for schedule in schedules] == [of(job.id) for job in jobs[:2]]
    for job, schedule in zip(jobs, schedules, strict=False):
        assert schedule.argument == SummarizationWindowInput(ref=WindowRef(project_id=1, job_id=job.id))
        assert (schedule.workflow, schedule.cron) == ("summarization-window", "0 * * * *")
        assert {pair.key: pair.value for pair in schedule.attributes} == {PROJECT: "1", JOB: str(job.id)}
        assert schedule.priority == fair(Rank.SUMMARIES, 1)


def test_a_project_without_jobs_has_one_of_its_own() -> None:
    [schedule] = wanted(7, [], cron=SUMMARIZATION_CRON)
    assert schedule.id == "summarization-window-project-7"
    assert schedule.argument == SummarizationWindowInput(ref=WindowRef(project_id=7))
    assert wanted(7, [a_job(enabled=False)], cron=SUMMARIZATION_CRON) == ()


def test_off_is_off() -> None:
    assert wanted(7, [], cron=OFF) == wanted(1, [a_job()], cron=OFF) == ()


def test_a_summary_fits_however_long_the_name() -> None:
    [schedule] = wanted(1, [a_job(name="名" * 100)], cron=SUMMARIZATION_CRON)
    assert len(schedule.summary.encode()) <= 400


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ApiWorld]:
    async with api_world(await new_registry(tmp_path / "registry.sqlite")) as world:
        yield world


@pytest.fixture
async def temporal(server: Client) -> AsyncIterator[Client]:
    yield server
    async for listed in await server.list_schedules():
        if listed.id.startswith(SUMMARIZATION_WINDOW):
            await server.get_schedule_handle(listed.id).delete()


async def exists(client: Client, schedule_id: str) -> bool:
    try:
        await client.get_schedule_handle(schedule_id).describe()
    except RPCError:
        return False
    return True


async def test_they_follow_what_the_api_is_told(world: ApiWorld, temporal: Client) -> None:
    async with world.client(temporal=temporal) as client:
        made = [await _create(client, name=name, level=level) for name, level in _NEW]
        first, second, third = (of(each["id"]) for each in made)
        assert [await exists(temporal, each) for each in (first, second, third, IMPLICIT)] == [
            True, True, False, False,
        ]  # fmt: skip
        described = await temporal.get_schedule_handle(first).describe()
        action = described.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.priority == fair(Rank.SUMMARIES, 1)
        assert described.typed_search_attributes.get(JOB) == made[0]["id"]

        await client.patch(f"{JOBS}{made[0]['id']}/", json={"enabled": False})
        assert not await exists(temporal, first)
        await client.patch(f"{JOBS}{made[0]['id']}/", json={"enabled": True})
        assert await exists(temporal, first)
        await client.delete(f"{JOBS}{made[1]['id']}/")
        assert not await exists(temporal, second)
        for each in (made[0], made[2]):
            await client.delete(f"{JOBS}{each['id']}/")
        assert [await exists(temporal, each) for each in (first, IMPLICIT)] == [False, True]


async def is_listed(client: Client) -> bool:
    return IMPLICIT in [each.id async for each in await client.list_schedules()]


async def test_all_in_order_are_not_asked_for_one_by_one(
    world: ApiWorld, temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another rhythm is seen in the list; the rest by turns."""
    monkeypatch.setattr(job_schedules, "_LOOKED_INTO", 0)
    registry: Any = world.registry
    await JobSchedules(temporal, registry, cron="0 * * * *").keep_all()
    async with asyncio.timeout(20):
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
    kept = await JobSchedules(client, registry, cron="0 * * * *").keep_all()
    assert (kept.schedules, kept.changed, described) == (1, 0, [])
    kept = await JobSchedules(client, registry, cron="30 * * * *").keep_all()
    assert (kept.changed, described) == (1, [IMPLICIT])


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


async def test_all_of_them_are_made_good(world: ApiWorld, temporal: Client) -> None:
    registry: Any = world.registry
    schedules = JobSchedules(temporal, registry, cron=SUMMARIZATION_CRON)
    keep = JobWorkflowActivities(client=temporal, schedules=schedules).keep

    await ensure_job_schedules(temporal, Settings(), registry)
    assert await exists(temporal, IMPLICIT)

    job = await _stored(registry)
    await _stored(registry, enabled=False)
    await temporal.get_schedule_handle(IMPLICIT).pause(note="for now")
    kept = await _until_deleted(keep, 1)
    assert (kept.schedules, kept.failure) == (1, "")
    assert [await exists(temporal, each) for each in (of(job), IMPLICIT)] == [True, False]

    await temporal.get_schedule_handle(of(job)).pause(note="too expensive")
    again = await ActivityEnvironment().run(keep)
    assert (again.changed, again.deleted) == (0, 0)
    state = (await temporal.get_schedule_handle(of(job)).describe()).schedule.state
    assert (state.paused, state.note) == (True, "too expensive")

    await registry.clustering_jobs.delete(1, job)
    await _until_deleted(keep, 1)
    assert not await exists(temporal, of(job))


async def test_switching_it_off_deletes_them(world: ApiWorld, temporal: Client) -> None:
    registry: Any = world.registry
    await ensure_job_schedules(temporal, Settings(), registry)
    off = JobSchedules(temporal, registry, cron=Settings(summarization_cron="off").summarization_cron)
    await _until_deleted(JobWorkflowActivities(client=temporal, schedules=off).keep, 1)
    assert not await exists(temporal, IMPLICIT)


async def _until_deleted(keep: Any, count: int) -> Any:
    """Do it until it has found so many to delete: the list of Schedules is a moment behind."""
    while True:
        kept = await ActivityEnvironment().run(keep)
        if kept.deleted:
            assert kept.deleted == count
            return kept


@pytest.mark.parametrize("text", ["", "never", "* * * *", "61 * * * *"])
def test_a_setting_that_is_no_cron_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        Settings(summarization_cron=text)
