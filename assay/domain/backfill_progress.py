"""How far a backfill is, and what is left of it."""

from __future__ import annotations

from datetime import datetime

from assay.contracts.evaluation_backfills import (
    BackfillProgress,
    BackfillState,
    BackfillStatus,
    EvaluationBackfillInput,
)
from assay.domain.backfills import active_seconds


def progress_of(backfill: EvaluationBackfillInput, state: BackfillState, now: datetime) -> BackfillProgress:
    """How far a backfill is.

    The share that is through counts a target of the window when it was looked at and, if it was claimed, its
    batch has come to its end. Both estimates suppose that the rest of the window is like what was seen of it.
    """
    tally = state.tally
    outstanding = state.claimed - tally.size - state.unreported
    through = max(0, state.seen - outstanding)
    total = None if state.total is None else max(state.total, state.seen)
    return BackfillProgress(
        **backfill.model_dump(exclude={"state"}),
        status=state.status,
        reason=state.reason,
        last_error=state.last_error,
        total=state.total,
        seen=state.seen,
        known=state.known,
        claimed=state.claimed,
        judged=tally.judged,
        outcomes=tally.outcomes,
        skip_reasons=tally.skip_reasons,
        recorded_before=tally.recorded_before,
        outstanding=outstanding,
        unreported=state.unreported,
        batches_in_flight=len(state.in_flight),
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost_usd=tally.cost_usd,
        unpriced=tally.unpriced,
        done=_done(state, through, total),
        remaining_cost_usd=_remaining_cost(state, outstanding),
        remaining_seconds=_remaining_seconds(state, through, total, now),
    )


def _done(state: BackfillState, through: int, total: int | None) -> float | None:
    if state.status is BackfillStatus.COMPLETED:
        return 1.0
    if total is None:
        return None
    return through / total if total else 0.0


def _remaining_cost(state: BackfillState, outstanding: int) -> float | None:
    """What a verdict with a known price cost on average, times the verdicts that are to be expected."""
    if state.status.has_ended:
        return 0.0
    priced = state.tally.judged - state.tally.unpriced
    if state.total is None or priced <= 0 or state.seen == 0:
        return None
    unseen = max(0, state.total - state.seen)
    return state.tally.cost_usd / priced * (outstanding + unseen * state.claimed / state.seen)


def _remaining_seconds(state: BackfillState, through: int, total: int | None, now: datetime) -> float | None:
    if state.status.has_ended:
        return 0.0
    elapsed = active_seconds(state, now)
    if total is None or through == 0 or elapsed <= 0:
        return None
    return (total - through) * elapsed / through
