"""What one run of an evaluation report found, wrote and delivered."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.lists import ListQuery


class ReportTrigger(StrEnum):
    """Why a run began."""

    MANUAL = "manual"
    """Somebody asked for it."""
    SCHEDULED = "scheduled"
    """The report's rule said so."""
    THRESHOLD = "threshold"
    """Enough new results had come."""


class GenerationStatus(StrEnum):
    """How far the writing came."""

    PENDING = "pending"
    COMPLETED = "completed"
    """The report was written, by a model or, when `fallback_reason` says so, from the numbers alone."""
    METRICS_UNAVAILABLE = "metrics_unavailable"
    """The event store gave no numbers; the period stays open."""
    FAILED = "failed"
    """Nothing was written and nothing will be; the period stays open. Such a run is in no list."""


class DeliveryStatus(StrEnum):
    """What became of a run's deliveries, in the API's words."""

    PENDING = "pending"
    """Nothing was delivered yet, or there is nobody to deliver to."""
    DELIVERED = "delivered"
    PARTIAL_FAILURE = "partial_failure"
    FAILED = "failed"


class RateChange(Contract):
    """How a pass rate compares with that of the period before.

    Attributes:
        percentage_points: current minus previous.
        p_value: of the pooled two-proportion z-test, two-sided.
        is_significant: whether p_value is below 0.05.
    """

    percentage_points: float
    p_value: float
    is_significant: bool


class ReportMetrics(Contract):
    """Numbers of a period, all of them from SQL. Rates are percentages, rounded to two digits.

    Attributes:
        output_type: of the evaluation: `boolean`, `sentiment`, …
        total_runs: results in the period, not applicable ones included, skipped ones not.
        result_counts: outcome (`pass`, `fail`, `na`; or of sentiment) → results.
        result_rates: the same as percentages of total_runs.
        pass_rate: passes among passes and failures; 0 without any.
        pass_rate_interval: Wilson's 95 % interval of pass_rate; None without any.
        period_start, period_end: half-open, by the arrival of the results.
        previous_…: the same of the period just before, of the same length; None (no results) or empty.
        change: None unless both periods have passes or failures.
    """

    output_type: str
    total_runs: int
    result_counts: dict[str, int]
    result_rates: dict[str, float]
    pass_count: int = 0
    fail_count: int = 0
    na_count: int = 0
    pass_rate: float = 0.0
    pass_rate_interval: tuple[float, float] | None = None
    period_start: UtcDatetime
    period_end: UtcDatetime
    previous_total_runs: int | None = None
    previous_result_counts: dict[str, int] = Field(default_factory=dict)
    previous_result_rates: dict[str, float] = Field(default_factory=dict)
    previous_pass_rate: float | None = None
    previous_pass_rate_interval: tuple[float, float] | None = None
    change: RateChange | None = None


class ReportSection(Contract):
    """A part of the text.

    Attributes:
        content: Markdown.
    """

    title: str
    content: str


class Citation(Contract):
    """Evidence: a result's target that the text points to.

    Attributes:
        generation_id: uuid of the event that was judged.
        reason: why it is cited, at most 200 characters.
    """

    generation_id: str
    trace_id: str
    session_id: str = ""
    reason: str


class ReportContent(Contract):
    """A report as it is read.

    Attributes:
        metrics: None while, or because, there are none.
        fallback_reason: why no model wrote the text, in a sentence; None where one did.
    """

    title: str
    sections: tuple[ReportSection, ...]
    citations: tuple[Citation, ...] = ()
    metrics: ReportMetrics | None = None
    generation_status: GenerationStatus = GenerationStatus.COMPLETED
    fallback_reason: str | None = None


class ReportRun(Contract):
    """A stored run.

    Attributes:
        id: made from the report, the trigger and the moment of admission.
        content: None until there are numbers, or the run has ended without.
        period_start, period_end: by the arrival of results. An empty period is one whose start is still to
            be worked out.
        delivery_errors: one text per recipient that failed.
        model: of the author; None where no model wrote the text.
        cost_usd: of all answers of the author, of one whose report did not come about, too; None where
            nothing was paid, or no price is known.
    """

    id: UUID
    project_id: int
    report_id: UUID
    evaluation_id: UUID
    trigger: ReportTrigger
    content: ReportContent | None = None
    period_start: UtcDatetime
    period_end: UtcDatetime
    delivery_status: DeliveryStatus = DeliveryStatus.PENDING
    delivery_errors: tuple[str, ...] = ()
    model: str | None = None
    cost_usd: float | None = None
    created_at: UtcDatetime


class ReportRunQuery(ListQuery):
    """A page of the runs of a report, newest first."""


class RecipientKind(StrEnum):
    """How a recipient is reached."""

    EMAIL = "email"
    SLACK = "slack"


class Recipient(Contract):
    """One recipient of a run: one address, or one channel.

    Attributes:
        key: the same for the same recipient of a report, at most 300 characters: `email:a@b.c`,
            `slack:<integration>:<channel>`.
        address: the e-mail address, or the id or name of the channel.
        integration_id: of the project's Slack integration; None for e-mail.
    """

    key: str
    kind: RecipientKind
    address: str
    integration_id: int | None = None


class Delivery(Contract):
    """What became of a run for one recipient.

    Attributes:
        receipt: what was reached so far, so that a retry goes on there: for Slack the channel's id, the
            head's `ts` and how many replies were posted; for e-mail the Message-ID.
        is_done: whether the recipient has everything.
        error: why it has not, in a sentence; None while it is tried, or when it is done.
    """

    run_id: UUID
    recipient: Recipient
    receipt: dict[str, Any] = Field(default_factory=dict)
    is_done: bool = False
    error: str | None = None


class TranscriptEntry(Contract):
    """A message between the engine and the author of a report; kept so that nothing is paid for twice.

    Attributes:
        number: place in the transcript, from 0.
        message: as OpenAI's chat API words messages.
        input_tokens, output_tokens, cost_usd: of the call that answered with it; None for other messages.
            Tokens are estimated where the provider does not tell them.
    """

    number: int
    message: dict[str, Any]
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
