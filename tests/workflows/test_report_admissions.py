"""A run is in the registry before it starts, so that no period is reported twice, whoever is ended when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError

from assay.contracts.evaluation_reports import EvaluationReport as Report
from assay.contracts.evaluation_reports import ReportFrequency
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import GenerationStatus, ReportTrigger
from assay.contracts.report_workflows import (
    EvaluationReportInput,
    GenerateStatus,
    RecordedAdmission,
    ReportGate,
    ReportWritten,
)
from assay.errors import StoreRejected, StoreUnavailable
from assay.temporal.ids import evaluation_report_id, evaluation_report_run_id
from schedules.admission import report_run_uuid
from tests.workflows.report_world import PROJECT, Handle, World, end_and_replay, start, until_state
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_report_runs import End
from workflows.evaluation_reports import EvaluationReport

AWAY = StoreUnavailable("away")


def now() -> datetime:
    return datetime.now(UTC)


def of(client: Client, report: Report) -> Handle:
    return client.get_workflow_handle_for(EvaluationReport.run, evaluation_report_id(report.id))


def ends_once(handle: Handle) -> Callable[[], Awaitable[None]]:
    """Ends a workflow, the first time."""
    is_left = [True]

    async def end() -> None:
        if is_left:
            is_left.clear()
            await handle.terminate()

    return end


async def release(client: Client, run: ReportRunInput) -> None:
    await client.get_workflow_handle(evaluation_report_run_id(run.run_id)).signal("release")


async def asked_for(handle: Handle) -> list[str]:
    """Types of the activities that a workflow has asked for, local ones excepted."""
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        async for event in handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


async def interrupted(client: Client, world: World, report: Report, moment: str) -> None:
    """Start the workflow of a report, and end it at a moment of its first run."""
    ending = ends_once(of(client, report))
    if moment == "before-record":
        world.rows.before_record, world.faults["record"] = ending, [AWAY]
    elif moment == "after-record":
        world.rows.after_record = ending
    handle = await start(client, report)
    if moment == "after-start":
        await until(lambda: len(world.runs) == 1)
        await ending()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    assert len(world.rows.ids) == (moment != "before-record")
    assert len(world.runs) == (moment == "after-start")


@pytest.mark.parametrize("moment", ["before-record", "after-record", "after-start"])
async def test_a_period_is_reported_once_whenever_its_workflow_is_ended(server: Client, moment: str) -> None:
    """What was not recorded never was; what was, and was not started, is started by the next workflow."""
    world = World(arrivals=lambda window: 10, ends=[End(waits=True)])
    report = world.report(now(), daily_run_cap=1)
    async with world.worker(server):
        await interrupted(server, world, report, moment)
        admitted = world.rows.ids
        again = await start(server, report)
        state = await until_state(again, lambda state: state.gate.running is not None)
        await until(lambda: len(world.runs) == 1)
        assert state.gate.cap_used == 1
        await release(server, world.runs[0])
        after = await until_state(again, lambda state: state.gate.running is None and bool(state.refused))
        await end_and_replay(server, again)
    [run] = world.runs
    assert world.rows.ids == [run.run_id]
    assert admitted in ([], [run.run_id])
    assert run.since == report.created_at
    assert world.reports[report.id].last_delivered_at == run.until
    assert (after.gate.accepted_at, after.gate.cap_used) == (run.admitted_at, 1)
    assert [refusal.reason for refusal in after.refused] == ["daily cap of 1 reached"]


@pytest.mark.parametrize("moment", ["after-record", "after-start"])
async def test_an_occurrence_that_was_claimed_and_admitted_comes_at_once(server: Client, moment: str) -> None:
    """Its claim has moved the report on to the next day: nothing else would bring it."""
    world, due = World(ends=[End(waits=True)]), now() - timedelta(minutes=1)
    rule = {"frequency": ReportFrequency.SCHEDULED, "rrule": "FREQ=DAILY"}
    report = world.report(now(), **rule, starts_at=due - timedelta(days=9), next_delivery_date=due)
    async with world.worker(server):
        await interrupted(server, world, report, moment)
        again = await start(server, report)
        await until_state(again, lambda state: state.gate.running is not None)
        await until(lambda: len(world.runs) == 1)
        await release(server, world.runs[0])
        await until_state(again, lambda state: len(state.recent) == 1)
        await end_and_replay(server, again)
    [run] = world.runs
    assert (run.trigger, run.since, run.until) == (ReportTrigger.SCHEDULED, None, due)
    assert world.reports[report.id].last_delivered_at == due


async def test_whoever_asked_gets_the_run_that_they_were_told_of(server: Client) -> None:
    world = World(ends=[End(waits=True)])
    report = world.report(now(), enabled=False)
    world.rows.after_record = ends_once(of(server, report))
    async with world.worker(server):
        first = await start(server, report)
        answer = await first.execute_update(EvaluationReport.generate)
        with pytest.raises(WorkflowFailureError):
            await first.result()
        again = await start(server, report)
        await until(lambda: len(world.runs) == 1)
        assert (await again.execute_update(EvaluationReport.generate)).run_id == answer.run_id
        assert [run.run_id for run in world.runs] == [answer.run_id]
        await end_and_replay(server, again)
    await release(server, world.runs[0])


async def test_a_run_is_recorded_before_it_starts_however_long_the_registry_is_away(server: Client) -> None:
    world = World(ends=[End(waits=True)], faults={"record": [AWAY] * 4})
    report = world.report(now(), enabled=False)
    async with world.worker(server):
        handle = await start(server, report)
        first = await handle.execute_update(EvaluationReport.generate)
        assert (first.status, world.runs) == (GenerateStatus.ACCEPTED, [])
        second = await handle.execute_update(EvaluationReport.generate)
        assert (second.status, second.run_id) == (GenerateStatus.COALESCED, first.run_id)
        await until(lambda: len(world.runs) == 1)
        assert world.faults["record"] == []
        await release(server, world.runs[0])
        await until_state(handle, lambda state: len(state.recent) == 1)
        await end_and_replay(server, handle)
    assert world.rows.ids == [first.run_id]


async def test_an_admission_that_cannot_be_recorded_never_was(server: Client) -> None:
    world = World(arrivals=lambda window: 10, faults={"record": [StoreRejected("no such project")]})
    report = world.report(now(), daily_run_cap=1)
    async with world.worker(server):
        handle = await start(server, report)
        state = await until_state(handle, lambda state: bool(state.refused))
        await end_and_replay(server, handle)
    assert (world.runs, world.rows.ids) == ([], [])
    assert [run.outcome for run in state.recent] == ["no such project"]
    assert (state.gate.cap_used, state.gate.failures) == (0, 1)


@pytest.mark.parametrize("has_started", [True, False])
async def test_a_history_that_is_continued_takes_its_run_along(server: Client, has_started: bool) -> None:
    world = World(ends=[End(waits=True)])
    report = world.report(now(), enabled=False)
    ref, at = ReportRef(project_id=PROJECT, report_id=report.id), now()
    run = ReportRunInput(
        report=ref,
        run_id=report_run_uuid(report.id, ReportTrigger.MANUAL, at),
        trigger=ReportTrigger.MANUAL,
        since=None,
        until=at,
        admitted_at=at,
    )
    admission = RecordedAdmission(run=run, evaluation_id=report.evaluation_id)
    given = EvaluationReportInput(
        report=ref, is_continued=True, gate=ReportGate(running=admission.brief), running=admission
    )
    async with world.worker(server):
        if has_started:
            first = await start(server, report, given)
            await until(lambda: len(world.runs) == 1)
            await first.terminate()
        handle = await start(server, report, given)
        await until(lambda: len(world.runs) == 1)
        await release(server, run)
        state = await until_state(handle, lambda state: state.gate.running is None)
        await end_and_replay(server, handle)
    assert world.runs == [run]
    assert [each.run_id for each in state.recent] == [run.run_id]


async def test_a_run_that_failed_is_known_to_have(server: Client) -> None:
    world = World(ends=[End(timedelta(), fails=True)])
    report = world.report(now(), enabled=False)
    async with world.worker(server):
        handle = await start(server, report)
        await handle.execute_update(EvaluationReport.generate)
        await until_state(handle, lambda state: len(state.recent) == 1)
        assert world.rows.generation(world.runs[0]) is GenerationStatus.FAILED
        await handle.terminate()
        again = await start(server, report)
        state = await until_state(again, lambda state: state.plan is not None)
        assert (state.gate.running, await asked_for(again)) == (None, [])
        await end_and_replay(server, again)


async def test_a_run_without_numbers_has_said_so_itself(server: Client) -> None:
    world = World(ends=[End(timedelta(), counts=False)])
    report = world.report(now(), enabled=False)
    async with world.worker(server):
        handle = await start(server, report)
        await handle.execute_update(EvaluationReport.generate)
        await until_state(handle, lambda state: len(state.recent) == 1)
        assert await asked_for(handle) == ["record-admission"]
        assert world.rows.generation(world.runs[0]) is GenerationStatus.METRICS_UNAVAILABLE
        await end_and_replay(server, handle)


async def test_a_run_that_broke_off_once_its_report_was_stored_counts(server: Client) -> None:
    world = World(arrivals=lambda window: 10, ends=[End(timedelta(), fails=True, stores=True)])
    report = world.report(now(), daily_run_cap=1)
    async with world.worker(server):
        handle = await start(server, report)
        state = await until_state(handle, lambda state: bool(state.refused))
        await end_and_replay(server, handle)
    [run] = world.runs
    assert world.rows.generation(run) is GenerationStatus.COMPLETED
    assert world.reports[report.id].last_delivered_at == run.until
    assert (state.gate.failures, state.gate.cap_used) == (0, 1)
    assert [each.outcome for each in state.recent] == ["nobody writes today"]


def written(run: ReportRunInput) -> ReportWritten:
    return ReportWritten(
        run_id=run.run_id, period_end=run.until, counts=True, words="written; being delivered"
    )


@pytest.mark.parametrize("is_of_this_run", [True, False])
async def test_what_a_run_says_before_it_is_taken_up_is_not_lost(
    server: Client, *, is_of_this_run: bool
) -> None:
    """A workflow that begins hears of it before it has asked the registry what goes on."""
    world = World(arrivals=lambda window: 10, ends=[End(waits=True)])
    report = world.report(now(), daily_run_cap=1)
    async with world.worker(server):
        first = await start(server, report)
        await until(lambda: len(world.runs) == 1)
        await first.terminate()
        [run] = world.runs
        other = run.model_copy(update={"run_id": report_run_uuid(report.id, ReportTrigger.MANUAL, now())})
        again = await start(server, report, said=written(run if is_of_this_run else other))
        if not is_of_this_run:
            await until_state(again, lambda state: state.gate.running is not None)
            await release(server, run)
        state = await until_state(again, lambda state: state.gate.running is None and bool(state.recent))
        assert [each.run_id for each in state.recent] == [run.run_id]
        assert (state.recent[0].finished_at is None) is is_of_this_run
        if is_of_this_run:
            await release(server, run)
        await end_and_replay(server, again)
    assert world.reports[report.id].last_delivered_at == run.until


async def test_what_a_run_said_before_the_history_was_continued_is_not_lost(server: Client) -> None:
    world = World(ends=[End(waits=True)])
    report = world.report(now(), enabled=False)
    async with world.worker(server):
        first = await start(server, report)
        await first.execute_update(EvaluationReport.generate)
        await until(lambda: len(world.runs) == 1)
        await first.terminate()
        [run] = world.runs
        admission = RecordedAdmission(run=run, evaluation_id=report.evaluation_id)
        given = EvaluationReportInput(
            report=run.report,
            is_continued=True,
            gate=ReportGate(running=admission.brief),
            running=admission,
            told=written(run),
        )
        again = await start(server, report, given)
        state = await until_state(again, lambda state: state.gate.running is None)
        assert [each.finished_at for each in state.recent] == [None]
        await release(server, run)
        await until_state(again, lambda state: state.recent[0].finished_at is not None)
        await end_and_replay(server, again)
