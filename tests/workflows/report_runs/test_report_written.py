"""`evaluation-report-run` tells the workflow of its report when the report is stored; or nobody, if it is gone."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from assay.contracts.evaluations import Evaluation
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_workflows import ReportWritten
from assay.temporal.ids import evaluation_report_run_id
from assay.temporal.queues import TaskQueue
from tests.activities.report_run_world import ReportWorld
from tests.workflows.report_runs.deliveries import ScriptedDeliveries
from tests.workflows.report_runs.test_evaluation_report_run import workers

_PARENTS = "parents"
RUNNING = WorkflowExecutionStatus.RUNNING


@workflow.defn(sandboxed=False)
class Parent:
    """Begins a run; stays until it has heard of it, or does not."""

    def __init__(self) -> None:
        self._heard: ReportWritten | None = None

    @workflow.run
    async def run(self, given: ReportRunInput, stays: bool) -> ReportWritten | None:
        await workflow.start_child_workflow(
            "evaluation-report-run",
            given,
            id=evaluation_report_run_id(given.run_id),
            task_queue=TaskQueue.MAIN,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )
        if stays:
            await workflow.wait_condition(lambda: self._heard is not None)
        return self._heard

    @workflow.signal
    def report_written(self, written: ReportWritten) -> None:
        self._heard = written


@pytest.mark.parametrize("stays", [True, False], ids=["parent", "orphan"])
async def test_whoever_waits_is_told_before_the_delivery(
    skipping: WorkflowEnvironment, reports: ReportWorld, stays: bool
) -> None:
    evaluation: Evaluation = await reports.world.evaluation()
    report = await reports.report(evaluation, delivery_targets=({"type": "email", "value": "a@example.com"},))
    reports.results(evaluation, True)
    given = reports.run_of(report)
    deliveries = ScriptedDeliveries()
    client = skipping.client
    async with (
        workers(skipping, reports, deliveries),
        Worker(client, task_queue=_PARENTS, workflows=[Parent]),
    ):
        parent = await client.start_workflow(
            Parent.run, args=[given, stays], id=f"parent-{uuid4()}", task_queue=_PARENTS
        )
        heard = await parent.result()
        run = client.get_workflow_handle(evaluation_report_run_id(given.run_id))
        async with asyncio.timeout(40):
            while (status := (await run.describe()).status) is RUNNING:  # noqa: ASYNC110  (the server is asked)
                await asyncio.sleep(0.02)
    assert status is WorkflowExecutionStatus.COMPLETED
    assert deliveries.delivered == ["email:a@example.com"]
    events = [event.WhichOneof("attributes") async for event in run.fetch_history_events()]
    told = events.index("signal_external_workflow_execution_initiated_event_attributes")
    scheduled = [n for n, name in enumerate(events) if name == "activity_task_scheduled_event_attributes"]
    assert told < scheduled[-3], "before the recipients are listed, served and recorded"
    if not stays:
        assert heard is None
        return
    assert heard is not None
    assert (heard.run_id, heard.period_end, heard.counts) == (given.run_id, given.until, True)
    assert heard.words.endswith("; being delivered")
