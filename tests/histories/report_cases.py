"""Cases of the workflows of reports: of those that decide when one is made, and what makes up for losses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.client import Client, WorkflowHandle

from assay.contracts.evaluation_reports import EvaluationReport as Report
from assay.contracts.report_reconcile import ReconcileReportsInput
from assay.contracts.report_workflows import ReportWritten, ResultsObserved
from assay.errors import StoreRejected
from assay.temporal.ids import evaluation_report_run_id
from assay.temporal.queues import TaskQueue
from tests.histories.report_run_cases import RUNS
from tests.histories.sweep_cases import swept
from tests.workflows.report_world import Handle, World, start, until_state
from tests.workflows.scripted_batches import until
from tests.workflows.scripted_report_runs import End
from workflows.evaluation_reports import EvaluationReport
from workflows.reconcile_reports import ReconcileReports


async def _by_results(client: Client) -> WorkflowHandle[Any, Any]:
    """Enough results, a run that is asked for twice, one that fails, a pause, the end."""
    world = World(ends=[End(timedelta(seconds=1)), End(waits=True), End(timedelta(), fails=True)])
    world.arrivals = lambda window: 12 if window.since == report.created_at else 3
    report = world.report(datetime.now(UTC))
    async with world.worker(client):
        handle = await start(client, report)
        await handle.signal(
            EvaluationReport.results_observed, ResultsObserved(count=12, up_to=datetime.now(UTC))
        )
        await until_state(handle, lambda state: len(state.recent) == 1)
        first = await handle.execute_update(EvaluationReport.generate)
        await handle.execute_update(EvaluationReport.generate)
        await _release(client, _present(first.run_id))
        await until_state(handle, lambda state: len(state.recent) == 2)
        await handle.execute_update(EvaluationReport.generate)
        await until_state(handle, lambda state: len(state.recent) == 3)
        world.edit(report.id, enabled=False)
        await handle.execute_update(EvaluationReport.configure)
        world.edit(report.id, deleted=True)
        await handle.execute_update(EvaluationReport.configure)
        await handle.result()
    return handle


async def _by_rule(client: Client) -> WorkflowHandle[Any, Any]:
    """An occurrence that passed unseen, one that is due in a moment, one that the daily cap refuses."""
    now = datetime.now(UTC)
    world = World(ends=[End(timedelta(seconds=1)), End(timedelta(seconds=1))])
    report = world.report(
        now,
        frequency="scheduled",
        rrule="FREQ=DAILY",
        starts_at=now - timedelta(days=3),
        next_delivery_date=now - timedelta(hours=2),
        daily_run_cap=2,
    )
    async with world.worker(client):
        handle = await start(client, report)
        await until_state(handle, lambda state: len(state.recent) == 1)
        for count in (2, 3):
            world.edit(report.id, next_delivery_date=datetime.now(UTC) + timedelta(seconds=1))
            await handle.execute_update(EvaluationReport.configure)
            await until_state(handle, lambda state, n=count: len(state.recent) + len(state.refused) == n)
        world.edit(report.id, deleted=True)
        await handle.execute_update(EvaluationReport.configure)
        await handle.result()
    return handle


async def _written(client: Client) -> WorkflowHandle[Any, Any]:
    """A run that says that it is written, and is delivered while the next one is made."""
    world = World(ends=[End(waits=True, delivers=True), End(timedelta(seconds=1))])
    report = world.report(datetime.now(UTC), enabled=False)
    async with world.worker(client):
        handle = await start(client, report)
        first = await handle.execute_update(EvaluationReport.generate)
        await until_state(handle, lambda state: len(state.recent) == 1 and state.gate.running is None)
        await handle.execute_update(EvaluationReport.generate)
        await until_state(handle, lambda state: len(state.recent) == 2)
        await _release(client, _present(first.run_id))
        await until_state(handle, lambda state: all(run.finished_at for run in state.recent))
        await _end(world, report, handle)
    return handle


async def _heard_early(client: Client) -> WorkflowHandle[Any, Any]:
    """A run that says that it is written before the workflow which finds it has asked for it."""
    world = World(ends=[End(waits=True)])
    report = world.report(datetime.now(UTC), enabled=False)
    async with world.worker(client):
        first = await start(client, report)
        await first.execute_update(EvaluationReport.generate)
        await until(lambda: len(world.runs) == 1)
        await first.terminate()
        [run] = world.runs
        said = ReportWritten(run_id=run.run_id, period_end=run.until, counts=True, words="written")
        handle = await start(client, report, said=said)
        await until_state(handle, lambda state: bool(state.recent))
        await _release(client, run.run_id)
        await until_state(handle, lambda state: all(run.finished_at for run in state.recent))
        await _end(world, report, handle)
    return handle


async def _passed_over(client: Client) -> WorkflowHandle[Any, Any]:
    """An occurrence that passed while the evaluation was switched off; and one that could not be recorded."""
    now = datetime.now(UTC)
    world = World(faults={"record": [StoreRejected("a defect")]})
    rule = {"frequency": "scheduled", "rrule": "FREQ=DAILY", "starts_at": now - timedelta(days=3)}
    report = world.report(now, **rule, next_delivery_date=now - timedelta(hours=2))
    world.edit_evaluation(report.id, active_since=now - timedelta(hours=1))
    async with world.worker(client):
        handle = await start(client, report)
        await until_state(handle, lambda state: len(state.refused) == 1)
        await handle.execute_update(EvaluationReport.generate)
        await until_state(handle, lambda state: len(state.recent) == 1)
        await _end(world, report, handle)
    return handle


def _orphaned(*, has_started: bool, fails: bool = False) -> Any:
    """A workflow that finds a run which another one has left behind: recorded, or recorded and started."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        world = World(arrivals=lambda window: 10, ends=[End(waits=True, fails=fails)])
        report = world.report(datetime.now(UTC), daily_run_cap=1)
        async with world.worker(client):
            first = await start(client, report)
            if has_started:
                await until(lambda: len(world.runs) == 1)
                await first.terminate()
            else:
                world.rows.after_record = first.terminate
                await asyncio.gather(first.result(), return_exceptions=True)
                world.rows.after_record = None
            handle = await start(client, report)
            await until_state(handle, lambda state: state.gate.running is not None)
            await until(lambda: len(world.runs) == 1)
            await _release(client, world.runs[0].run_id)
            await until_state(handle, lambda state: bool(state.refused))
            await _end(world, report, handle)
        return handle

    return record


async def _release(client: Client, run_id: UUID) -> None:
    await client.get_workflow_handle(evaluation_report_run_id(run_id)).signal("release")


async def _end(world: World, report: Report, handle: Handle) -> None:
    world.edit(report.id, deleted=True)
    await handle.execute_update(EvaluationReport.configure)
    await handle.result()


async def _reconciled(client: Client) -> WorkflowHandle[Any, Any]:
    """A look at three reports, of which none has a workflow."""
    world = World()
    for _ in range(3):
        world.report(datetime.now(UTC), enabled=False)
    async with world.worker(client):
        handle = await client.start_workflow(
            ReconcileReports.run,
            ReconcileReportsInput(),
            id=f"history-reconcile-reports-{uuid4()}",
            task_queue=TaskQueue.MAIN,
        )
        await handle.result()
    return handle


def _present[Value](value: Value | None) -> Value:
    assert value is not None
    return value


REPORTS: Mapping[str, Mapping[str, Any]] = {
    "evaluation-report": {
        "recorded-by-results": _by_results,
        "recorded-by-rule": _by_rule,
        "written": _written,
        "heard-early": _heard_early,
        "passed-over": _passed_over,
        "orphan-not-started": _orphaned(has_started=False),
        "orphan-started": _orphaned(has_started=True),
        "orphan-failed": _orphaned(has_started=True, fails=True),
    },
    "evaluation-report-run": RUNS,
    "reconcile-reports": {"repaired": _reconciled, "swept": swept},
}
"""Workflow type → name of the case → the case."""
