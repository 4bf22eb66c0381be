"""Backfills: an evaluation judges a time window of history; messages and state of `evaluation-backfill`."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from assay.contracts.base import HistoryContract, UtcDatetime
from assay.contracts.evaluation_batches import BatchRef, BatchTally, ClaimedBatch
from assay.contracts.evaluations import EvaluationType


class BackfillStatus(StrEnum):
    """Where a backfill stands."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    """It claims nothing more and ends when what it has claimed is judged."""
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    STOPPED = "stopped"
    """It ended before the window was through, and not because anybody asked for that."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens any more."""
        return self in (BackfillStatus.CANCELLED, BackfillStatus.COMPLETED, BackfillStatus.STOPPED)


class BackfillCommand(StrEnum):
    """What people can tell a backfill; the names of its Updates."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class BackfillBatch(HistoryContract):
    """A batch that a backfill has claimed and that has not come to its end.

    Attributes:
        starts: how often the backfill has started it.
        started_at: the last time; None: it has not been.
        judged: verdicts that it reached before it was stopped; the next start finds them in the ledger.
    """

    batch: ClaimedBatch
    starts: int = 0
    started_at: UtcDatetime | None = None
    judged: int = 0


class BackfillState(HistoryContract):
    """Everything that a backfill knows; it travels along when the workflow continues as new.

    Attributes:
        reason: why it paused or stopped by itself, a word; None: it has not, or a person paused it.
        last_error: the sentence that tells more about it, or about what was last repaired.
        total: generations of the window, counted at the start; None: they could not be.
        page: number of the next page.
        before: where that page begins; None: at the newest end of the window.
        exhausted: there are no more pages.
        waiting: claimed batches to start, in order.
        in_flight: batches that were started and have not finished.
        seen: targets looked at.
        known: of them, those claimed for this version before.
        claimed: of them, those that this backfill claimed.
        tally: sums over batches; its size counts the targets of those that came to their end.
        unreported: targets of batches that ended without a word, again and again.
        active_seconds: how long it ran, pauses not counted, up to `active_since`.
        active_since: since when it has been running; None: it is not.
    """

    status: BackfillStatus = BackfillStatus.RUNNING
    reason: str | None = None
    last_error: str | None = None
    total: int | None = None
    page: int = 0
    before: tuple[UtcDatetime, UUID] | None = None
    exhausted: bool = False
    waiting: tuple[BackfillBatch, ...] = ()
    in_flight: tuple[BackfillBatch, ...] = ()
    seen: int = 0
    known: int = 0
    claimed: int = 0
    tally: BatchTally = Field(default_factory=BatchTally)
    unreported: int = 0
    active_seconds: float = 0.0
    active_since: UtcDatetime | None = None


class BackfillRequest(HistoryContract):
    """What was asked for.

    Attributes:
        evaluation_name, evaluation_type: as they were when it was asked for; shown to people.
        since, until: the window of timestamps, half-open; it ends no later than the moment of asking.
        requested_by: e-mail address of the user who asked.
        requested_at: when that was.
    """

    project_id: int
    backfill_id: UUID
    evaluation_id: UUID
    evaluation_name: str
    evaluation_type: EvaluationType
    since: UtcDatetime
    until: UtcDatetime
    requested_by: str
    requested_at: UtcDatetime


class EvaluationBackfillInput(BackfillRequest):
    """Argument of `evaluation-backfill`.

    Attributes:
        state: None at the start; else the workflow continues as new.
    """

    state: BackfillState | None = None


class BackfillProgress(BackfillRequest):
    """How far a backfill is: its query, the answer to its Updates, and its result.

    Attributes:
        reason, last_error, total, seen, known, claimed, unreported: see `BackfillState`.
        judged: verdicts reached.
        outcomes, skip_reasons, recorded_before: see `BatchTally`; `outcomes` adds up to `judged`.
        outstanding: claimed targets of batches that have not come to their end.
        batches_in_flight: batches at work.
        input_tokens, output_tokens, cost_usd, unpriced: see `BatchTally`.
        done: share of the window that is through, 0 to 1; None: the window could not be counted.
        remaining_cost_usd: what is left will cost about this; None: too little is known.
        remaining_seconds: it will take about this long, not counting pauses; None: too little is known.
    """

    status: BackfillStatus
    reason: str | None = None
    last_error: str | None = None
    total: int | None = None
    seen: int = 0
    known: int = 0
    claimed: int = 0
    judged: int = 0
    outcomes: dict[str, int] = Field(default_factory=dict)
    skip_reasons: dict[str, int] = Field(default_factory=dict)
    recorded_before: int = 0
    outstanding: int = 0
    unreported: int = 0
    batches_in_flight: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    done: float | None = None
    remaining_cost_usd: float | None = None
    remaining_seconds: float | None = None

    @property
    def filtered(self) -> int:
        """Targets looked at that the conditions do not admit."""
        return max(0, self.seen - self.known - self.claimed)


class CountHistoryInput(HistoryContract):
    """Argument of the activity that counts the generations of a window; half-open."""

    project_id: int
    since: UtcDatetime
    until: UtcDatetime


class BatchesQuestion(HistoryContract):
    """Argument of the activity that looks which batches are not running."""

    batches: tuple[BatchRef, ...]


class BatchesAnswer(HistoryContract):
    """Those of them that are not."""

    not_running: tuple[BatchRef, ...] = ()
