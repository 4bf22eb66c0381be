"""Messages of `evaluation-report` and `evaluation-report-run`."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from assay.contracts.base import HistoryContract, UtcDatetime
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus, ReportTrigger


class ReportRef(HistoryContract):
    """Which report."""

    project_id: int
    report_id: UUID


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


class AdmittedRun(HistoryContract):
    """What the registry knows of an admission.

    Attributes:
        period_end: up to where results are reported if it counts.
        generation: pending where the run goes on, or ended without a report.
    """

    run_id: UUID
    trigger: ReportTrigger
    admitted_at: UtcDatetime
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
    """

    gate: ReportGate
    reported_until: UtcDatetime | None = None


class EvaluationReportInput(HistoryContract):
    """Start argument of `evaluation-report`, and what it hands to itself when it continues as new.

    Attributes:
        is_continued: whether the rest is of the history before; one that begins asks the registry.
        pending: results observed since the last count, from signals.
        counted: results since `reported_until` as the event store said last.
        counted_until: the place in arrivals of that count.
        held_until: results are not counted before: they could not lead to a run.
        owed: end of the period of an occurrence that was claimed and waits for the run in flight.
    """

    report: ReportRef
    is_continued: bool = False
    gate: ReportGate = ReportGate()
    pending: int = 0
    counted: int = 0
    counted_until: UtcDatetime | None = None
    held_until: UtcDatetime | None = None
    owed: UtcDatetime | None = None
    recent: tuple[RunBrief, ...] = ()
    refused: tuple[Refusal, ...] = ()


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


class MarkReported(HistoryContract):
    """Argument of `mark-reported`: results that arrived before `until` are in reports."""

    report: ReportRef
    until: UtcDatetime


class ReportRunRef(HistoryContract):
    """Which run of which project."""

    project_id: int
    run_id: UUID


class ReconcileReportsInput(HistoryContract):
    """Start argument of `reconcile-reports`; the attributes of `RepairReports` come from the run before."""


class RepairReports(HistoryContract):
    """Argument of `repair-reports`.

    Attributes:
        changed_since: reports that changed since then, or whose evaluation did, are planned anew.
    """

    changed_since: UtcDatetime


class ReportsRepaired(HistoryContract):
    """Answer of `repair-reports`.

    Attributes:
        reports: that were looked at.
        started: whose workflow did not run.
        planned: whose workflow was told to plan anew.
        ended: workflows that were told that their report is gone.
        failed: whose workflow could be neither started nor told.
    """

    reports: int = 0
    started: int = 0
    planned: int = 0
    ended: int = 0
    failed: int = 0

    @property
    def outcome(self) -> str:
        """`clean`, `repaired` or `failed`: the word shown to people."""
        if self.failed:
            return "failed"
        return "repaired" if self.started + self.planned + self.ended else "clean"


class ReconcileReportsResult(HistoryContract):
    """What a run of `reconcile-reports` came to.

    Attributes:
        looked_at: when it began; the next run looks for changes since then.
    """

    looked_at: UtcDatetime
    repaired: ReportsRepaired


class ReportRunInput(HistoryContract):
    """Start argument of `evaluation-report-run`.

    Attributes:
        since: where the period begins; None: the run finds out (a manual run; a first scheduled one).
        until: where the period ends, by arrival: the occurrence's due time, or when the run was admitted.
        admitted_at: when the run was admitted.
    """

    report: ReportRef
    run_id: UUID
    trigger: ReportTrigger
    since: UtcDatetime | None
    until: UtcDatetime
    admitted_at: UtcDatetime


class PreparedRun(HistoryContract):
    """Answer of `prepare-report-run`: what the rest of the run goes by. The numbers are in the run's row.

    Attributes:
        is_eligible: False: report or evaluation are gone; the run ends.
        has_numbers: False: the event store gave none in time.
        author: the model that is asked, for the details; None: there is none to ask, and why is in
            `no_author_reason`.
    """

    is_eligible: bool = True
    has_numbers: bool = True
    evaluation_name: str = ""
    period_start: UtcDatetime
    period_end: UtcDatetime
    total_runs: int = 0
    pass_rate: float = 0.0
    author: str | None = None
    no_author_reason: str | None = None


class AuthorStep(HistoryContract):
    """Answer of `ask-report-author`: what the model wants next. Its words are in the transcript.

    Attributes:
        tool_calls: ids and names of the tools it called, in order; none: it is done.
        next_number: place in the transcript after this message.
    """

    tool_calls: tuple[tuple[str, str], ...] = ()
    next_number: int
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class AuthorAsk(HistoryContract):
    """Argument of `ask-report-author`: the message at `number` is asked for."""

    project_id: int
    run_id: UUID
    number: int


class ToolUse(HistoryContract):
    """Argument of `use-report-tool`: the result of a call goes to `number` of the transcript."""

    project_id: int
    run_id: UUID
    number: int
    call_id: str
    asked_at_number: int


class CheckDraft(HistoryContract):
    """Argument of `check-report-draft`: is what the author has written a report?

    Attributes:
        number: place in the transcript; what is wrong is told to the author there, if it is to be mended.
    """

    project_id: int
    run_id: UUID
    number: int
    mend: bool


class DraftCheck(HistoryContract):
    """Answer of `check-report-draft`.

    Attributes:
        problems: what is wrong, in words without the model's text; none: it is a report.
    """

    problems: tuple[str, ...] = ()


class FinishReport(HistoryContract):
    """Argument of `finish-report`: the text is made of the transcript, or of the numbers alone.

    Attributes:
        author: the model that wrote it.
        fallback_reason: why no model wrote the text; None: one did.
    """

    run: ReportRunInput
    author: str | None = None
    fallback_reason: str | None = None


class RunRef(HistoryContract):
    """Which run."""

    project_id: int
    run_id: UUID


class RecipientList(HistoryContract):
    """Answer of `list-recipients`.

    Attributes:
        keys: of the recipients to deliver to; each has its row of deliveries.
        problems: one text for each target that names nobody.
    """

    keys: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class RecordDelivery(HistoryContract):
    """Argument of `record-delivery`.

    Attributes:
        attempted: recipients and targets that name nobody, together.
        errors: one text for each of them that has nothing, or not everything.
    """

    project_id: int
    run_id: UUID
    attempted: int
    errors: tuple[str, ...] = ()


class DeliverReport(HistoryContract):
    """Argument of `deliver-report`: one recipient, by its key."""

    project_id: int
    run_id: UUID
    recipient_key: str


class DeliverOutcome(HistoryContract):
    """Answer of `deliver-report`.

    Attributes:
        error: why the recipient has nothing, or not everything; None: it has.
    """

    recipient_key: str
    error: str | None = None


class RunFinished(HistoryContract):
    """Result of `evaluation-report-run`.

    Attributes:
        counts: whether the period is reported: the report's mark moves to `period_end`.
    """

    generation: GenerationStatus
    delivery: DeliveryStatus
    period_end: UtcDatetime
    counts: bool
    words: str = ""
