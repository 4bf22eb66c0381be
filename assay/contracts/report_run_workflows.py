"""Messages of `evaluation-report-run`: what it is started with, what its activities are told, how it ends."""

from __future__ import annotations

from uuid import UUID

from assay.contracts.base import HistoryContract, UtcDatetime
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus, ReportTrigger


class ReportRunInput(HistoryContract):
    """Start argument of `evaluation-report-run`.

    Attributes:
        since: where the period begins; None: `prepare-report-run` finds out (a manual run; a first scheduled
            one).
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
