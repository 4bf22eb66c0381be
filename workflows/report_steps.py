"""What `evaluation-report` asks of others: one function a step, none of which knows its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ChildWorkflowError, WorkflowAlreadyStartedError

from activities.evaluation_reports import EvaluationReportActivities
from activities.report_admissions import ReportAdmissionActivities
from activities.report_workflows import ReportWorkflowActivities
from assay.contracts.report_refs import ReportRef, RunRef
from assay.contracts.report_run_workflows import RunFinished
from assay.contracts.report_runs import GenerationStatus, ReportTrigger
from assay.contracts.report_workflows import (
    ClaimedOccurrence,
    ClaimOccurrence,
    CountInput,
    MarkReported,
    RecalledRuns,
    RecallRuns,
    RecordedAdmission,
    ReportPlan,
    ReportWritten,
)
from assay.domain.report_details import (
    claim_summary,
    count_summary,
    mark_summary,
    run_facts,
    run_summary,
)
from assay.temporal.failures import failure_message
from assay.temporal.ids import evaluation_report_run_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.retry import AWAIT_RUN, COUNT, DISPATCH, LOOK_UP
from assay.temporal.search_attributes import EVALUATION, PROJECT, REPORT, TRIGGER, pairs

_OUTCOME_CHARACTERS: Final = 200
_RECORDS: Final = "record-admission"
_HEARS_EARLY: Final = "hears-early"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What became of a run.

    Attributes:
        outcome: in words.
        period_end: up to where results are reported; None: it has failed, and its period stays open.
        is_recorded: whether the run itself has told the registry.
    """

    outcome: str
    period_end: datetime | None = None
    is_recorded: bool = True

    @property
    def counts(self) -> bool:
        """Whether its period is reported."""
        return self.period_end is not None


async def look_up(report: ReportRef) -> ReportPlan:
    """What was decided about a report; tried until the registry answers.

    Raises:
        ActivityError: no retry mends it.
    """
    return await workflow.execute_local_activity_method(
        EvaluationReportActivities.plan, report, summary="Look up the report", **LOOK_UP
    )


async def recall(report: ReportRef) -> RecalledRuns:
    """What earlier workflows of a report have done; tried until the registry answers.

    Raises:
        ActivityError: no retry mends it.
    """
    return await workflow.execute_local_activity_method(
        EvaluationReportActivities.recall,
        RecallRuns(report=report, now=workflow.now()),
        summary="Look up the last runs",
        **LOOK_UP,
    )


async def claim(report: ReportRef, due: datetime, live_since: datetime | None) -> ClaimedOccurrence:
    """Claim an occurrence that is due; tried until the registry answers.

    Raises:
        ActivityError: no retry mends it.
    """
    return await workflow.execute_activity_method(
        EvaluationReportActivities.claim,
        ClaimOccurrence(report=report, due=due, now=workflow.now(), live_since=live_since),
        summary=claim_summary(due),
        priority=fair(Rank.REPORTS, report.project_id),
        **DISPATCH.options,
    )


async def count(report: ReportRef, evaluation_id: UUID, since: datetime, until: datetime) -> int:
    """How many results arrived in [since, until).

    Raises:
        ActivityError: the event store did not say in time.
    """
    return await workflow.execute_activity_method(
        EvaluationReportActivities.count,
        CountInput(
            project_id=report.project_id, evaluation_id=evaluation_id, since=since, until=max(since, until)
        ),
        summary=count_summary(since, until),
        priority=fair(Rank.REPORTS, report.project_id),
        **COUNT.options,
    )


def keeps_records() -> bool:
    """Whether runs are recorded before they start; not so in histories of an earlier version.

    To be asked first of all: right after a local activity, a replay can miss the mark in the history, which
    then belongs to a later workflow task than the one it believes to be in. From then on, the answer stays.
    """
    return workflow.patched(_RECORDS)


def hears_early() -> bool:
    """Whether what a run says counts that is not attended yet; likewise to be asked first of all."""
    return workflow.patched(_HEARS_EARLY)


async def attend(admission: RecordedAdmission) -> RunEnd:
    """Record a run, start it, and see it to its end; what of that was done before is not done again.

    A run that is not in the registry has not been started: whoever finds no record may admit another.
    """
    run = admission.run
    project_id, report_id = run.report.project_id, run.report.report_id
    try:
        if keeps_records():
            await _record(admission)
        finished = await workflow.execute_child_workflow(
            "evaluation-report-run",
            run,
            id=evaluation_report_run_id(run.run_id),
            result_type=RunFinished,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            priority=fair(Rank.REPORTS, project_id),
            search_attributes=pairs(
                (PROJECT, str(project_id)),
                (EVALUATION, str(admission.evaluation_id)),
                (REPORT, str(report_id)),
                (TRIGGER, run.trigger.value),
            ),
            static_summary=run_summary(run, admission.evaluation_name),
            static_details=run_facts(run, admission.evaluation_name),
        )
    except (ActivityError, ChildWorkflowError, ValueError) as error:  # the last: its result cannot be read
        return _failed(error)
    except WorkflowAlreadyStartedError:
        return await attend_again(run.report, run.run_id)
    return _end(finished)


async def _record(admission: RecordedAdmission) -> None:
    await workflow.execute_activity_method(
        ReportAdmissionActivities.record,
        admission,
        summary=f"Record run {admission.run.run_id}",
        priority=fair(Rank.REPORTS, admission.run.report.project_id),
        **DISPATCH.options,
    )


async def attend_again(report: ReportRef, run_id: UUID) -> RunEnd:
    """See a run to its end that somebody else has started."""
    try:
        finished = await workflow.execute_activity_method(
            ReportWorkflowActivities.await_run,
            RunRef(project_id=report.project_id, run_id=run_id),
            summary=f"Wait for run {run_id}",
            **AWAIT_RUN.options,
        )
    except ActivityError as error:
        return _failed(error)
    return _end(finished)


async def recorded(report: ReportRef, run_id: UUID, end: RunEnd) -> RunEnd:
    """Have the registry know of a run that it failed, if the run has not said so itself.

    Returns:
        What became of it: if its report was stored before it broke off, the period is reported.
    """
    if end.is_recorded or not keeps_records():
        return end
    try:
        failed = await workflow.execute_activity_method(
            ReportAdmissionActivities.record_failure,
            RunRef(project_id=report.project_id, run_id=run_id),
            summary=f"Record that run {run_id} failed",
            priority=fair(Rank.REPORTS, report.project_id),
            **DISPATCH.options,
        )
    except ActivityError as error:
        workflow.logger.warning("failure of a report run not recorded: %s", failure_message(error))
        return end
    return replace(end, period_end=failed.reported_until)


async def marked(report: ReportRef, trigger: ReportTrigger, end: RunEnd) -> RunEnd:
    """Move the report's mark if the run counts and nobody asked for it; without the mark, it has failed."""
    if end.period_end is None or trigger is ReportTrigger.MANUAL:
        return end
    try:
        await mark(report, end.period_end)
    except ActivityError as error:
        return _failed(error)
    return end


async def mark(report: ReportRef, until: datetime) -> None:
    """Remember up to where results are reported; tried until the registry answers.

    Raises:
        ActivityError: no retry mends it.
    """
    await workflow.execute_activity_method(
        EvaluationReportActivities.mark,
        MarkReported(report=report, until=until),
        summary=mark_summary(until),
        priority=fair(Rank.REPORTS, report.project_id),
        **DISPATCH.options,
    )


def end_of(written: ReportWritten) -> RunEnd:
    """What became of a run that is written."""
    return RunEnd(written.words[:_OUTCOME_CHARACTERS], written.period_end if written.counts else None)


def _end(finished: RunFinished) -> RunEnd:
    words = finished.words or f"{finished.generation}, {finished.delivery}"
    return RunEnd(
        words[:_OUTCOME_CHARACTERS],
        finished.period_end if finished.counts else None,
        is_recorded=finished.generation is not GenerationStatus.PENDING,
    )


def _failed(error: Exception) -> RunEnd:
    return RunEnd(failure_message(error)[:_OUTCOME_CHARACTERS], is_recorded=False)
