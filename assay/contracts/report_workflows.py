"""Messages of `evaluation-report`, which decides when a report is made."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from assay.contracts.base import HistoryContract, UtcDatetime
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import GenerationStatus, ReportTrigger


class ReportPlan(HistoryContract):
    """What a report's workflow goes by, as the registry says.

    Attributes:
        is_live: whether the report and its evaluation exist, are enabled and can be reported on; a report
            that is not live waits, and runs only when somebody asks.
        is_gone: whether report or evaluation were deleted: the workflow ends.
        due: when it is due next by its rule; may have passed. None: it is not scheduled, or has ended.
        threshold: new results that make it due; None: it goes by a rule.
        reported_until: results that arrived before this are in earlier runs; None: there was none.
        anchor: where the first period begins where `reported_until` is None.
        live_since: since when the evaluation judges; what was due before was due while it was switched off.
            None: that does not matter.
        wording: rule and zone in words, for the details.
        due_wording: `due` by the clocks of the report's zone, likewise.
    """

    is_live: bool
    is_gone: bool = False
    evaluation_id: UUID | None = None
    evaluation_name: str = ""
    due: UtcDatetime | None = None
    threshold: int | None = None
    cooldown_minutes: int = 60
    daily_run_cap: int = 10
    reported_until: UtcDatetime | None = None
    anchor: UtcDatetime | None = None
    live_since: UtcDatetime | None = None
    wording: str = ""
    due_wording: str = ""


class RunBrief(HistoryContract):
    """One line about a run, for the details of the report's workflow."""

    run_id: UUID
    trigger: ReportTrigger
    admitted_at: UtcDatetime
    finished_at: UtcDatetime | None = None
    outcome: str = "running"


class Refusal(HistoryContract):
    """An occurrence that led to no run, and why."""

    at: UtcDatetime
    trigger: ReportTrigger
    reason: str


class ReportGate(HistoryContract):
    """What admission remembers; only `schedules.admission` changes it.

    Attributes:
        accepted_at: when the last automatic run that counts was admitted.
        cap_day: UTC day that `cap_used` is about.
        cap_used: automatic runs admitted on it, failed ones excepted.
        running: the run in flight.
        failures: automatic runs that failed since the last one that counts.
        retry_at: after a failure: until when runs that results make due rest.
    """

    accepted_at: UtcDatetime | None = None
    cap_day: date | None = None
    cap_used: int = 0
    running: RunBrief | None = None
    failures: int = 0
    retry_at: UtcDatetime | None = None


class RecordedAdmission(HistoryContract):
    """Argument of `record-admission`, and all that it takes to start the run, for whoever finds the record.

    Attributes:
        evaluation_name: for the details of the run.
    """

    run: ReportRunInput
    evaluation_id: UUID
    evaluation_name: str = ""

    @property
    def brief(self) -> RunBrief:
        """The run in one line."""
        run = self.run
        return RunBrief(run_id=run.run_id, trigger=run.trigger, admitted_at=run.admitted_at)


class FailedRun(HistoryContract):
    """Answer of `record-failed-run`.

    Attributes:
        reported_until: the end of its period, if its report was stored after all; None: it has failed.
    """

    reported_until: UtcDatetime | None = None


class AdmittedRun(HistoryContract):
    """What the registry knows of an admission.

    Attributes:
        period_start: `period_end` while nobody has worked it out.
        period_end: up to where results are reported if it counts.
        generation: pending where the run goes on, is still to be started, or ended with nobody to record it.
    """

    run_id: UUID
    evaluation_id: UUID
    trigger: ReportTrigger
    admitted_at: UtcDatetime
    period_start: UtcDatetime
    period_end: UtcDatetime
    generation: GenerationStatus


class RecallRuns(HistoryContract):
    """Argument of `recall-report-runs`.

    Attributes:
        now: the present moment of whoever asks.
    """

    report: ReportRef
    now: UtcDatetime


class RecalledRuns(HistoryContract):
    """Answer of `recall-report-runs`.

    Attributes:
        gate: what admission has to remember.
        reported_until: end of the period of the last run that counts, which may have ended unattended.
        running: the run that goes on, or was never started.
    """

    gate: ReportGate
    reported_until: UtcDatetime | None = None
    running: RecordedAdmission | None = None


class ReportWritten(HistoryContract):
    """Signal `report_written` of a run to the workflow of its report: what is left of it is to deliver.

    Attributes:
        counts: whether the period is reported: the report's mark moves to `period_end`.
        words: what became of the writing.
    """

    run_id: UUID
    period_end: UtcDatetime
    counts: bool
    words: str


class EvaluationReportInput(HistoryContract):
    """Start argument of `evaluation-report`, and what it hands to itself when it continues as new.

    Attributes:
        is_continued: whether the rest is of the history before; one that begins asks the registry.
        pending: results observed since the last count, from signals.
        counted: results since `reported_until` as the event store said last.
        counted_until: the place in arrivals of that count.
        held_until: results are not counted before: they could not lead to a run.
        owed: end of the period of an occurrence that was claimed and waits for the run in flight.
        running: the run in flight.
        told: what a run has said last.
    """

    report: ReportRef
    is_continued: bool = False
    gate: ReportGate = ReportGate()
    running: RecordedAdmission | None = None
    pending: int = 0
    counted: int = 0
    counted_until: UtcDatetime | None = None
    held_until: UtcDatetime | None = None
    owed: UtcDatetime | None = None
    recent: tuple[RunBrief, ...] = ()
    refused: tuple[Refusal, ...] = ()
    told: ReportWritten | None = None


class ResultsObserved(HistoryContract):
    """Signal `results_observed`: so many results were stored, until then. A hint, never the count."""

    count: int
    up_to: UtcDatetime


class GenerateStatus(StrEnum):
    """What became of a request for a run."""

    ACCEPTED = "accepted"
    COALESCED = "coalesced"
    """A run was in flight already; it is the answer."""
    REFUSED = "refused"


class GenerateOutcome(HistoryContract):
    """Answer of the Update `generate`.

    Attributes:
        reason: why it was refused.
    """

    status: GenerateStatus
    run_id: UUID | None = None
    reason: str | None = None


class ReportState(HistoryContract):
    """Answer of the query `state`: everything somebody may want to know about a report, in one place."""

    plan: ReportPlan | None = None
    gate: ReportGate
    next_wake: UtcDatetime | None = None
    pending: int = 0
    counted: int = 0
    recent: tuple[RunBrief, ...] = ()
    refused: tuple[Refusal, ...] = ()


class CountInput(HistoryContract):
    """Argument of the activity that counts results that arrived in [since, until)."""

    project_id: int
    evaluation_id: UUID
    since: UtcDatetime
    until: UtcDatetime


class ClaimOccurrence(HistoryContract):
    """Argument of `claim-occurrence`: a scheduled report is due.

    Attributes:
        due: when, as the plan said.
        now: when the claim was wanted, at or after it; an attempt after an outage is later.
        live_since: since when the report is made of results; an occurrence before is passed over.
    """

    report: ReportRef
    due: UtcDatetime
    now: UtcDatetime
    live_since: UtcDatetime | None = None


class ClaimedOccurrence(HistoryContract):
    """Answer of `claim-occurrence`.

    Attributes:
        until: where the period of the run ends; None: there is to be none.
        is_passed_over: whether that is because it was due while the evaluation was switched off; else, the
            report is no longer due then.
    """

    until: UtcDatetime | None = None
    is_passed_over: bool = False


class MarkReported(HistoryContract):
    """Argument of `mark-reported`: results that arrived before `until` are in reports."""

    report: ReportRef
    until: UtcDatetime
