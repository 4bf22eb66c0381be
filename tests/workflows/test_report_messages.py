"""Reports as others reach them, and what makes up for what was lost; on the real server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import Client, ScheduleHandle, WorkflowExecutionStatus
from temporalio.service import RPCError

from assay.contracts.evaluation_reports import EvaluationReport as Report
from assay.contracts.report_reconcile import ReconcileReportsInput, ReportsRepaired
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_runs import GenerationStatus
from assay.contracts.report_workflows import GenerateStatus, ResultsObserved
from assay.temporal.ids import evaluation_report_id
from assay.temporal.queues import TaskQueue
from assay.temporal.reports import configure_report, generate_report, tell_results
from schedules.native import RECONCILE_REPORTS, ensure, native_schedules
from tests.workflows.report_world import PROJECT, Handle, World, start, until_state
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_report_runs import End
from workflows.evaluation_reports import EvaluationReport
from workflows.reconcile_reports import ReconcileReports

QUICK = End(after=timedelta())


def now() -> datetime:
    return datetime.now(UTC)


def of(client: Client, report: Report) -> Handle:
    return client.get_workflow_handle_for(EvaluationReport.run, evaluation_report_id(report.id))


async def status(handle: Handle) -> WorkflowExecutionStatus | None:
    return (await handle.describe()).status


async def until_true(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(40):
        while not await holds():  # noqa: ASYNC110  (the server is asked, it signals nothing)
            await asyncio.sleep(0.05)


async def _lists(client: Client, query: str, ids: set[str]) -> bool:
    return ids <= {found.id async for found in client.list_workflows(query)}


async def _has_run(schedule: ScheduleHandle, number: int) -> bool:
    return len((await schedule.describe()).info.recent_actions) >= number


async def test_one_of_many_that_race_begins_a_run(server: Client) -> None:
    world = World(arrivals=lambda window: 10, ends=[End(waits=True)])
    report = world.report(now())
    ref = ReportRef(project_id=PROJECT, report_id=report.id)
    async with world.worker(server):
        observed = ResultsObserved(count=10, up_to=now() + timedelta(days=1))
        signals = [tell_results(server, ref, observed) for _ in range(200)]
        requests = [generate_report(server, PROJECT, report.id) for _ in range(8)]
        edits = [configure_report(server, PROJECT, report.id) for _ in range(8)]
        await asyncio.gather(*signals, *edits)
        answers = await asyncio.gather(*requests)
        state = await until_state(of(server, report), lambda state: state.gate.running is not None)
        running = state.gate.running
        assert running is not None
        assert {answer.run_id for answer in answers} == {running.run_id}
        statuses = Counter(answer.status for answer in answers)
        assert statuses[GenerateStatus.ACCEPTED] <= 1
        assert statuses[GenerateStatus.REFUSED] == 0
        await until(lambda: bool(world.runs))
        assert [run.run_id for run in world.runs] == [running.run_id]
        await of(server, report).terminate()


async def test_a_report_begins_with_the_first_message_and_ends_with_the_last(server: Client) -> None:
    world = World(ends=[QUICK])
    report = world.report(now(), enabled=False)
    async with world.worker(server):
        await configure_report(server, PROJECT, report.id)
        await until_state(of(server, report), lambda state: state.plan is not None)
        answer = await generate_report(server, PROJECT, report.id)
        assert answer.status is GenerateStatus.ACCEPTED
        await until_state(of(server, report), lambda state: len(state.recent) == 1)
        world.edit(report.id, deleted=True)
        await configure_report(server, PROJECT, report.id)
        await of(server, report).result()
        world.edit(report.id, deleted=False)
        await configure_report(server, PROJECT, report.id)
        assert await status(of(server, report)) is WorkflowExecutionStatus.RUNNING
        await of(server, report).terminate()


async def test_a_restored_report_goes_on_whatever_the_order(server: Client) -> None:
    world = World()
    report = world.report(now(), enabled=False)
    async with world.worker(server):
        await configure_report(server, PROJECT, report.id)
        for _ in range(10):
            world.edit(report.id, deleted=True)
            deleting = asyncio.create_task(configure_report(server, PROJECT, report.id))
            await asyncio.sleep(0)
            world.edit(report.id, deleted=False)
            await asyncio.gather(deleting, configure_report(server, PROJECT, report.id))
            assert await status(of(server, report)) is WorkflowExecutionStatus.RUNNING
        await of(server, report).terminate()


async def test_a_run_in_flight_is_seen_to_its_end_by_the_next_workflow(server: Client) -> None:
    world = World(arrivals=lambda window: 10, ends=[End(waits=True)])
    report = world.report(now(), daily_run_cap=1)
    async with world.worker(server):
        handle = await start(server, report)
        state = await until_state(handle, lambda state: state.gate.running is not None)
        running = state.gate.running
        assert running is not None
        await until(lambda: len(world.runs) == 1)
        await handle.terminate()
        again = await start(server, report)
        assert (await again.execute_update(EvaluationReport.generate)).run_id == running.run_id
        await server.get_workflow_handle(f"evaluation-report-run-{running.run_id}").signal("release")
        after = await until_state(again, lambda state: state.gate.running is None and bool(state.refused))
        assert [run.run_id for run in after.recent] == [running.run_id]
        assert (after.gate.accepted_at, after.gate.cap_used) == (running.admitted_at, 1)
        assert world.reports[report.id].last_delivered_at == world.runs[0].until
        assert [refusal.reason for refusal in after.refused] == ["daily cap of 1 reached"]
        assert len(world.runs) == 1
        await again.terminate()


async def test_a_run_that_ended_unattended_moves_the_mark(server: Client) -> None:
    world = World(arrivals=lambda window: 10, ends=[End(waits=True)])
    report = world.report(now())
    async with world.worker(server):
        handle = await start(server, report)
        await until(lambda: len(world.runs) == 1)
        await handle.terminate()
        run = server.get_workflow_handle(f"evaluation-report-run-{world.runs[0].run_id}")
        await run.signal("release")
        await run.result()
        assert world.reports[report.id].last_delivered_at is None
        again = await start(server, report)
        after = await until_state(again, lambda state: bool(state.refused))
        assert world.reports[report.id].last_delivered_at == world.runs[0].until
        assert {window.since for window in world.counts[1:]} == {world.runs[0].until}
        assert [refusal.reason for refusal in after.refused] == ["cooldown"]
        await again.terminate()


@pytest.mark.parametrize("is_attended", [True, False], ids=["attended", "unattended"])
async def test_a_run_that_somebody_ended_has_failed(server: Client, is_attended: bool) -> None:
    world = World(arrivals=lambda window: 10, ends=[End(waits=True)])
    report = world.report(now())
    async with world.worker(server):
        handle = await start(server, report)
        await until(lambda: len(world.runs) == 1)
        run = server.get_workflow_handle(f"evaluation-report-run-{world.runs[0].run_id}")
        if not is_attended:
            await handle.terminate()
        await run.terminate()
        if not is_attended:
            handle = await start(server, report)
        after = await until_state(handle, lambda state: state.gate.running is None and bool(state.refused))
        assert (after.gate.failures, after.gate.cap_used) == (1, 0)
        assert [refusal.reason for refusal in after.refused] == ["rest after a failed run"]
        assert world.rows.generation(world.runs[0]) is GenerationStatus.FAILED
        await handle.terminate()


async def test_what_was_lost_is_found(server: Client) -> None:
    """Whatever crashes between the registry and Temporal: starts, changes, ends."""
    world, begin = World(), now() - timedelta(days=3)
    unknown, idle, changed, switched, gone, deleted, unheard = (
        world.report(begin, enabled=number in (1, 2)) for number in range(7)
    )
    async with world.worker(server):
        for report in (idle, changed, switched, gone, unheard):
            await configure_report(server, PROJECT, report.id)
            await until_state(of(server, report), lambda state: state.plan is not None)
        world.edit(deleted.id, deleted=True)
        world.edit(changed.id, trigger_threshold=77)
        world.edit_evaluation(switched.id, description="sharper")
        world.edit_evaluation(gone.id, deleted=True)
        world.edit(unheard.id, deleted=True)
        query = "WorkflowType = 'evaluation-report' AND ExecutionStatus = 'Running'"
        ids = {evaluation_report_id(report.id) for report in (idle, changed, switched, gone, unheard)}
        await until_true(lambda: _lists(server, query, ids))
        plans = world.plans

        repaired = await server.execute_workflow(
            ReconcileReports.run,
            ReconcileReportsInput(),
            id=f"reconcile-reports-{uuid4()}",
            task_queue=TaskQueue.MAIN,
        )
        assert repaired.repaired == ReportsRepaired(reports=5, started=1, planned=3, ended=1)
        [before] = world.rows.forgotten
        assert before <= now() - timedelta(days=30)
        await until_state(of(server, unknown), lambda state: state.plan is not None)
        await until_state(
            of(server, changed), lambda state: state.plan is not None and state.plan.threshold == 77
        )
        await of(server, gone).result()
        await of(server, unheard).result()
        assert world.plans > plans
        with pytest.raises(RPCError):
            await of(server, deleted).describe()
        for report in (unknown, idle, changed, switched):
            await of(server, report).terminate()


async def test_the_schedule_hands_over_when_it_looked(server: Client) -> None:
    _, wanted = native_schedules(reconcile_every=timedelta(days=1), reconcile_reports_cron="0 0 1 1 *")
    await ensure(server, [wanted])
    handle = server.get_schedule_handle(RECONCILE_REPORTS)
    world = World()
    try:
        async with world.worker(server):
            results = []
            for number in (1, 2):
                await handle.trigger()
                await until_true(lambda number=number: _has_run(handle, number))
                run = (await handle.describe()).info.recent_actions[-1].action
                results.append(
                    await server.get_workflow_handle_for(ReconcileReports.run, run.workflow_id).result()  # type: ignore[union-attr]
                )
        assert results[0].looked_at < results[1].looked_at
        assert {result.repaired for result in results} == {ReportsRepaired()}
    finally:
        await handle.delete()
