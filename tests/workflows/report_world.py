"""What a report has around it: a registry, an event store and runs whose ends a test scripts.

The activities are the real ones; the stores behind them are a few lines each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Replayer, Worker

from activities.evaluation_reports import EvaluationReportActivities
from activities.report_admissions import ReportAdmissionActivities
from activities.report_workflows import ReportWorkflowActivities
from activities.verdict_arrivals import VerdictArrivalActivities
from assay.contracts.evaluation_reports import EvaluationReport as Report
from assay.contracts.evaluation_reports import ReportFrequency
from assay.contracts.evaluations import Evaluation, EvaluationStatus, EvaluationType, OutputType
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import (
    GenerationStatus,
    ReportContent,
)
from assay.contracts.report_workflows import AdmittedRun, EvaluationReportInput, ReportState, ReportWritten
from assay.errors import WorkError
from assay.ports.report_data import Window
from assay.temporal.ids import evaluation_report_id
from assay.temporal.plugin import AssayPlugin
from assay.temporal.queues import TaskQueue
from schedules.evaluation_reports import following_occurrence
from tests.workflows.report_rows import ReportRows
from tests.workflows.scripted_report_runs import End, ScriptedRun
from workflows.evaluation_reports import EvaluationReport
from workflows.reconcile_reports import ReconcileReports

PROJECT = 1
Handle = WorkflowHandle[EvaluationReport, None]


@dataclass
class World:
    """Registry and event store of one project, and a script of its runs.

    Attributes:
        rows: what the registry knows of runs.
        lost: verdicts that sweeps find to have no arrival, sweep by sweep.
        swept: what sweeps have looked through.
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
    rows: ReportRows = field(init=False)
    lost: list[int] = field(default_factory=list)
    swept: list[tuple[datetime, datetime]] = field(default_factory=list)
    plans: int = 0

    def __post_init__(self) -> None:
        self.rows = ReportRows(self.meet)

    # the registry, as far as reports ask it

    @property
    def registry(self) -> Any:
        return SimpleNamespace(
            evaluation_reports=self,
            evaluations=_Evaluations(self),
            report_calendar=self,
            report_runs=self.rows,
        )

    async def get(self, project_id: int, report_id: UUID) -> Report | None:
        self.plans += 1
        self.meet("get")
        found = self.reports.get(report_id)
        return found if found is not None and not found.deleted else None

    async def claim_due(
        self, project_id: int, report_id: UUID, *, due: datetime, following: datetime | None
    ) -> bool:
        self.meet("claiming")
        is_due = self.reports[report_id].next_delivery_date == due
        if is_due:
            self.edit(report_id, next_delivery_date=following)
        self.meet("claim")  # the answer gets lost
        return is_due

    async def set_reported_until(self, project_id: int, report_id: UUID, moment: datetime) -> None:
        self.meet("mark")
        before = self.reports[report_id].last_delivered_at
        self.edit(report_id, last_delivered_at=max(moment, before or moment))

    async def history(self, project_id: int, report_id: UUID, since: datetime) -> list[AdmittedRun]:
        self.meet("history")
        return self.rows.admitted(report_id, since)

    async def all_live(self, after: UUID | None, limit: int) -> list[tuple[int, UUID]]:
        ids = sorted(report.id for report in self.reports.values() if not report.deleted)
        return [(PROJECT, report_id) for report_id in ids if after is None or report_id > after][:limit]

    async def threshold_reports(self, project_id: int, evaluation_id: UUID) -> list[UUID]:
        return [report.id for report in self.reports.values() if report.evaluation_id == evaluation_id]

    # the event store

    def count(self, window: Window) -> int:
        self.counts.append(window)
        self.meet("count")
        return self.arrivals(window)

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        yield since, until

    def restore(self, since: datetime, until: datetime) -> int:
        self.meet("restore")
        self.swept.append((since, until))
        return self.lost.pop(0) if self.lost else 0

    def meet(self, name: str) -> None:
        if faults := self.faults.get(name):
            raise faults.pop(0)

    @activity.defn(name="next-run-end")
    async def next_run_end(self, given: ReportRunInput) -> list[Any]:
        assert given.run_id in self.rows.ids, "a run has begun that the registry does not know of"
        self.runs.append(given)
        end = self.ends.pop(0) if self.ends else End()
        return [end.after.total_seconds(), end.counts, end.fails, end.waits, end.delivers, end.stores]

    @activity.defn(name="write-report")
    async def write(self, given: ReportRunInput, counts: bool) -> None:
        status = GenerationStatus.COMPLETED if counts else GenerationStatus.METRICS_UNAVAILABLE
        content = ReportContent(title="", sections=(), generation_status=status)
        await self.rows.write_content(PROJECT, given.run_id, content, model=None, cost_usd=None)

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
        admissions = ReportAdmissionActivities(registry=self.registry)
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
                admissions.record,
                admissions.record_failure,
                workflows.await_run,
                workflows.repair,
                VerdictArrivalActivities(self).sweep,
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


async def start(
    client: Client,
    report: Report,
    given: EvaluationReportInput | None = None,
    *,
    said: ReportWritten | None = None,
) -> Handle:
    """Start the workflow of a report.

    Args:
        said: what it hears of a run before anything else.
    """
    ref = ReportRef(project_id=PROJECT, report_id=report.id)
    return await client.start_workflow(
        EvaluationReport.run,
        given or EvaluationReportInput(report=ref),
        id=evaluation_report_id(report.id),
        task_queue=TaskQueue.MAIN,
        start_signal=None if said is None else "report_written",
        start_signal_args=[] if said is None else [said],
    )


async def until_state(handle: Handle, holds: Callable[[ReportState], bool]) -> ReportState:
    async with asyncio.timeout(40):
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
