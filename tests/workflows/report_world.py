"""What a report has around it: a registry, an event store and runs whose ends a test scripts.

The activities are the real ones; the stores behind them are a few lines each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, Worker

from activities.evaluation_reports import EvaluationReportActivities
from activities.report_workflows import ReportWorkflowActivities
from assay.contracts.evaluation_reports import EvaluationReport as Report
from assay.contracts.evaluation_reports import ReportFrequency
from assay.contracts.evaluations import Evaluation, EvaluationStatus, EvaluationType, OutputType
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus
from assay.contracts.report_workflows import (
    AdmittedRun,
    EvaluationReportInput,
    ReportRef,
    ReportRunInput,
    ReportState,
    ReportWritten,
    RunFinished,
)
from assay.errors import WorkError
from assay.ports.report_data import Window
from assay.temporal.ids import evaluation_report_id
from assay.temporal.plugin import AssayPlugin
from assay.temporal.queues import TaskQueue
from schedules.evaluation_reports import following_occurrence
from workflows.evaluation_reports import EvaluationReport
from workflows.reconcile_reports import ReconcileReports

PROJECT = 1
Handle = WorkflowHandle[EvaluationReport, None]


@dataclass(frozen=True)
class End:
    """How a run ends: after a while, or once a test says so; with numbers or without.

    Attributes:
        delivers: whether it says that its report is stored before it begins to wait.
    """

    after: timedelta = timedelta(seconds=20)
    counts: bool = True
    fails: bool = False
    waits: bool = False
    delivers: bool = False


@workflow.defn(name="evaluation-report-run", sandboxed=False)
class ScriptedRun:
    """Ends as it is told to."""

    def __init__(self) -> None:
        self._released = False

    @workflow.run
    async def run(self, given: ReportRunInput) -> RunFinished:
        seconds, counts, fails, waits, delivers = await workflow.execute_activity(
            "next-run-end", given, result_type=list, start_to_close_timeout=timedelta(seconds=10)
        )
        if delivers:
            await self._tell(given, counts)
        if waits:
            await workflow.wait_condition(lambda: self._released)
        else:
            await workflow.sleep(seconds)
        if fails:
            raise ApplicationError("nobody writes today", non_retryable=True)
        if not delivers:
            await self._written(given, counts)
        return RunFinished(
            generation=GenerationStatus.COMPLETED if counts else GenerationStatus.METRICS_UNAVAILABLE,
            delivery=DeliveryStatus.DELIVERED,
            period_end=given.until,
            counts=counts,
            words="12 results, 91.67 % passed" if counts else "no numbers",
        )

    async def _written(self, given: ReportRunInput, counts: bool) -> None:
        await workflow.execute_activity(
            "write-report", args=[given, counts], start_to_close_timeout=timedelta(seconds=10)
        )

    async def _tell(self, given: ReportRunInput, counts: bool) -> None:
        await self._written(given, counts)
        parent = workflow.info().parent
        assert parent is not None
        written = ReportWritten(
            run_id=given.run_id, period_end=given.until, counts=counts, words="written; being delivered"
        )
        report = workflow.get_external_workflow_handle(parent.workflow_id)
        for _ in range(2):
            await report.signal("report_written", written)

    @workflow.signal
    def release(self) -> None:
        self._released = True


@dataclass
class World:
    """Registry and event store of one project, and a script of its runs.

    Attributes:
        rows: what the registry knows of runs.
        forgotten: up to when transcripts were removed, each time.
        arrivals: how many results arrive in a window.
        ends: how runs end, in the order of their starts; then: all is well.
        faults: what an activity meets, by its name, in order.
    """

    arrivals: Callable[[Window], int] = lambda window: 0
    ends: list[End] = field(default_factory=list)
    faults: dict[str, list[WorkError]] = field(default_factory=dict)
    reports: dict[UUID, Report] = field(default_factory=dict)
    evaluations: dict[UUID, Evaluation] = field(default_factory=dict)
    runs: list[ReportRunInput] = field(default_factory=list)
    counts: list[Window] = field(default_factory=list)
    rows: dict[UUID, AdmittedRun] = field(default_factory=dict)
    forgotten: list[datetime] = field(default_factory=list)
    plans: int = 0

    # the registry, as far as reports ask it

    @property
    def registry(self) -> Any:
        return SimpleNamespace(
            evaluation_reports=self,
            evaluations=_Evaluations(self),
            report_calendar=self,
            report_runs=SimpleNamespace(forget_transcripts=self.forget_transcripts),
        )

    async def get(self, project_id: int, report_id: UUID) -> Report | None:
        self.plans += 1
        self._meet("get")
        found = self.reports.get(report_id)
        return found if found is not None and not found.deleted else None

    async def claim_due(
        self, project_id: int, report_id: UUID, *, due: datetime, following: datetime | None
    ) -> bool:
        self._meet("claiming")
        is_due = self.reports[report_id].next_delivery_date == due
        if is_due:
            self.edit(report_id, next_delivery_date=following)
        self._meet("claim")  # the answer gets lost
        return is_due

    async def set_reported_until(self, project_id: int, report_id: UUID, moment: datetime) -> None:
        self._meet("mark")
        before = self.reports[report_id].last_delivered_at
        self.edit(report_id, last_delivered_at=max(moment, before or moment))

    async def history(self, project_id: int, report_id: UUID, since: datetime) -> list[AdmittedRun]:
        self._meet("history")
        ids = {run.run_id for run in self.runs if run.report.report_id == report_id}
        found = [row for row in self.rows.values() if row.run_id in ids and row.admitted_at >= since]
        return sorted(found, key=lambda row: row.admitted_at)

    async def forget_transcripts(self, before: datetime) -> int:
        self.forgotten.append(before)
        return 0

    async def all_live(self, after: UUID | None, limit: int) -> list[tuple[int, UUID]]:
        ids = sorted(report.id for report in self.reports.values() if not report.deleted)
        return [(PROJECT, report_id) for report_id in ids if after is None or report_id > after][:limit]

    async def threshold_reports(self, project_id: int, evaluation_id: UUID) -> list[UUID]:
        return [report.id for report in self.reports.values() if report.evaluation_id == evaluation_id]

    # the event store

    def count(self, window: Window) -> int:
        self.counts.append(window)
        self._meet("count")
        return self.arrivals(window)

    def _meet(self, name: str) -> None:
        if faults := self.faults.get(name):
            raise faults.pop(0)

    @activity.defn(name="next-run-end")
    async def next_run_end(self, given: ReportRunInput) -> list[Any]:
        self.runs.append(given)
        self.rows[given.run_id] = _row(given, GenerationStatus.PENDING)
        end = self.ends.pop(0) if self.ends else End()
        return [end.after.total_seconds(), end.counts, end.fails, end.waits, end.delivers]

    @activity.defn(name="write-report")
    async def write(self, given: ReportRunInput, counts: bool) -> None:
        status = GenerationStatus.COMPLETED if counts else GenerationStatus.METRICS_UNAVAILABLE
        self.rows[given.run_id] = _row(given, status)

    def lose_run(self, run: ReportRunInput) -> None:
        """Have the registry know of a run that Temporal does not know of."""
        lost = run.model_copy(update={"run_id": uuid4()})
        self.runs[self.runs.index(run)] = lost
        self.rows = {lost.run_id: _row(lost, GenerationStatus.PENDING)}

    # what people do

    def edit(self, report_id: UUID, **changes: object) -> Report:
        report = self.reports[report_id].model_copy(update={"updated_at": datetime.now(UTC), **changes})
        self.reports[report_id] = report
        return report

    def edit_evaluation(self, report_id: UUID, **changes: object) -> None:
        evaluation = self.evaluations[self.reports[report_id].evaluation_id]
        self.evaluations[evaluation.id] = evaluation.model_copy(
            update={"updated_at": datetime.now(UTC), **changes}
        )

    def report(self, now: datetime, **changes: object) -> Report:
        """Another report on an evaluation of its own, made now."""
        evaluation = an_evaluation(now)
        self.evaluations[evaluation.id] = evaluation
        values: dict[str, object] = {
            "id": uuid4(),
            "project_id": PROJECT,
            "evaluation_id": evaluation.id,
            "last_delivered_at": None,
            "created_by_id": None,
            "created_at": now,
            "updated_at": now,
            "trigger_threshold": 10,
        }
        report = Report.model_validate(values | changes)
        if report.frequency is ReportFrequency.SCHEDULED and "next_delivery_date" not in changes:
            report = report.model_copy(update={"next_delivery_date": following_occurrence(report, now)})
        self.reports[report.id] = report
        return report

    def of(self, report: Report) -> list[ReportRunInput]:
        return [run for run in self.runs if run.report.report_id == report.id]

    @asynccontextmanager
    async def worker(self, client: Client) -> AsyncIterator[None]:
        reports = EvaluationReportActivities(registry=self.registry, data=self)  # type: ignore[arg-type]
        workflows = ReportWorkflowActivities(client=client, registry=self.registry, page=2)
        async with Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[EvaluationReport, ScriptedRun, ReconcileReports],
            activities=[
                reports.plan,
                reports.recall,
                reports.count,
                reports.claim,
                reports.mark,
                workflows.await_run,
                workflows.repair,
                self.next_run_end,
                self.write,
            ],
        ):
            yield


class _Evaluations:
    def __init__(self, world: World) -> None:
        self._world = world

    async def get(self, project_id: int, evaluation_id: UUID) -> Evaluation | None:
        found = self._world.evaluations[evaluation_id]
        return None if found.deleted else found


def _row(run: ReportRunInput, generation: GenerationStatus) -> AdmittedRun:
    return AdmittedRun(
        run_id=run.run_id,
        trigger=run.trigger,
        admitted_at=run.admitted_at,
        period_end=run.until,
        generation=generation,
    )


def an_evaluation(now: datetime) -> Evaluation:
    return Evaluation(
        name="Helpfulness",
        enabled=True,
        evaluation_type=EvaluationType.LLM_JUDGE,
        evaluation_config={},
        output_type=OutputType.BOOLEAN,
        output_config={},
        id=uuid4(),
        project_id=PROJECT,
        version=1,
        status=EvaluationStatus.ACTIVE,
        status_reason=None,
        created_at=now,
        updated_at=now,
        created_by=None,
    )


async def start(client: Client, report: Report, given: EvaluationReportInput | None = None) -> Handle:
    ref = ReportRef(project_id=PROJECT, report_id=report.id)
    return await client.start_workflow(
        EvaluationReport.run,
        given or EvaluationReportInput(report=ref),
        id=evaluation_report_id(report.id),
        task_queue=TaskQueue.MAIN,
    )


async def until_state(handle: Handle, holds: Callable[[ReportState], bool]) -> ReportState:
    async with asyncio.timeout(20):
        while True:
            state = await handle.query(EvaluationReport.state)
            if holds(state):
                return state
            await asyncio.sleep(0.005)


async def end_and_replay(client: Client, *handles: Handle) -> None:
    """End reports that a test leaves behind; what they have been through must replay."""
    for handle in handles:
        if (await handle.describe()).status == 1:
            await handle.terminate()
        history = await handle.fetch_history()
        await Replayer(workflows=[EvaluationReport], plugins=[AssayPlugin()]).replay_workflow(history)
