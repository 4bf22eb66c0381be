"""What a backfill decides: its transitions, as pure functions of its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from assay.contracts.evaluation_backfills import (
    BackfillBatch,
    BackfillCommand,
    BackfillState,
    BackfillStatus,
)
from assay.contracts.evaluation_batches import (
    MAX_BATCH_TARGETS,
    BatchFinished,
    BatchRef,
    BatchTally,
    ClaimedPage,
)
from assay.domain.eligibility import DELETED, TYPE_CHANGED

WINDOW: Final = 4
"""Batches in flight at most."""

_WORTH_CLAIMING: Final = WINDOW // 2
"""Free places that make a page worth its query; the others keep the judges busy meanwhile."""

_MAX_STARTS: Final = 3
"""Of a batch that ends without a word."""

_FINAL_REASONS: Final = frozenset({DELETED, TYPE_CHANGED})
"""No change of the evaluation lets the same backfill go on after these."""


def refusal(command: BackfillCommand, status: BackfillStatus) -> str | None:
    """Why a command makes no sense now, as a sentence; None: it does.

    Pausing what is paused and cancelling what is being cancelled change nothing and are not refused.
    """
    if status.has_ended:
        return f"The backfill has ended ({status}): it can no longer be told to {command}."
    if command is BackfillCommand.CANCEL:
        return None
    if status is BackfillStatus.CANCELLING:
        return f"The backfill is being cancelled: it can no longer be told to {command}."
    if command is BackfillCommand.RESUME and status is not BackfillStatus.PAUSED:
        return "The backfill is not paused: it is running."
    return None


def new_state(now: datetime) -> BackfillState:
    """The backfill at its start."""
    return running(BackfillState(), now)


def running(state: BackfillState, now: datetime) -> BackfillState:
    """The backfill at work, at its start and after a pause."""
    changes = {"status": BackfillStatus.RUNNING, "reason": None, "last_error": None, "active_since": now}
    return state.model_copy(update=changes)


def paused(
    state: BackfillState, now: datetime, *, reason: str | None = None, error: str | None = None
) -> BackfillState:
    """The backfill paused, by a person (no reason) or by itself.

    What stands in its way is told as long as it stands there, whoever paused it first. A backfill that is
    being cancelled goes on ending.
    """
    told = state.model_copy(
        update={"reason": reason or state.reason, "last_error": error or state.last_error}
    )
    if state.status is not BackfillStatus.RUNNING:
        return told
    return _at_rest(told, BackfillStatus.PAUSED, now)


def cancelling(state: BackfillState, now: datetime) -> BackfillState:
    """The backfill on its way to its end: it claims nothing more.

    What it has claimed is judged, because a claim is a promise; unless the evaluation judges nothing: then
    the claims wait for it, like those of live targets.
    """
    return state if state.status.has_ended else _at_rest(state, BackfillStatus.CANCELLING, now)


def with_page(state: BackfillState, page: ClaimedPage, now: datetime) -> BackfillState:
    """The backfill after a page was claimed, or after it was told that nothing can be."""
    batches = tuple(BackfillBatch(batch=batch) for batch in page.batches)
    state = state.model_copy(
        update={
            "page": state.page + 1,
            "waiting": (*state.waiting, *batches),
            "claimed": state.claimed + sum(batch.size for batch in page.batches),
        }
    )
    if page.stopped is not None:
        return stopped(state, page.stopped, now)
    return state.model_copy(
        update={
            "before": page.before,
            "exhausted": page.before is None,
            "seen": state.seen + page.seen,
            "known": state.known + page.known,
        }
    )


def stopped(state: BackfillState, reason: str, now: datetime) -> BackfillState:
    """The backfill after it was told that the evaluation judges nothing."""
    state = paused(state, now, reason=reason)
    return cancelling(state, now) if reason in _FINAL_REASONS else state


def next_to_start(state: BackfillState) -> BackfillBatch | None:
    """The batch to start now.

    What is claimed is started even when a person has paused the backfill meanwhile: others rely on claims
    being judged soon. It waits only if the evaluation judges nothing.
    """
    if state.reason is not None or not state.waiting or len(state.in_flight) >= WINDOW:
        return None
    return state.waiting[0]


def started(state: BackfillState, now: datetime) -> BackfillState:
    """The backfill with the first of the waiting batches in flight."""
    first, *others = state.waiting
    begun = first.model_copy(update={"starts": first.starts + 1, "started_at": now})
    return state.model_copy(update={"waiting": tuple(others), "in_flight": (*state.in_flight, begun)})


def targets_to_claim(state: BackfillState) -> int:
    """How many targets the next page may have; 0: there is nothing to claim now.

    No more are claimed than can be started at once, so that a pause leaves none of them lying about.
    """
    free = WINDOW - len(state.in_flight) - len(state.waiting)
    may = state.status is BackfillStatus.RUNNING and not state.exhausted
    return free * MAX_BATCH_TARGETS if may and free >= _WORTH_CLAIMING else 0


def finished(state: BackfillState, report: BatchFinished, now: datetime) -> BackfillState:
    """The backfill after a batch has told what became of its targets.

    A batch that was stopped waits for being started again; one that is not in flight has been counted.
    """
    batch = next((batch for batch in state.in_flight if batch.batch.ref == report.ref), None)
    if batch is None:
        return state
    tally = report.tally
    state = _without(state, {report.ref})
    if tally.stopped is None:
        # The verdicts of its own earlier starts are in the ledger; they have been counted.
        before = max(0, tally.recorded_before - batch.judged)
        counted = tally.model_copy(update={"size": batch.batch.size, "recorded_before": before})
        return state.model_copy(update={"tally": _sum(state.tally, counted)})
    again = batch.model_copy(update={"judged": batch.judged + tally.judged, "starts": 0})
    so_far = tally.model_copy(update={"size": 0, "recorded_before": 0})
    state = state.model_copy(update={"waiting": (*state.waiting, again), "tally": _sum(state.tally, so_far)})
    return stopped(state, tally.stopped, now)


def silent_since(state: BackfillState, before: datetime) -> tuple[BatchRef, ...]:
    """The batches in flight that were started before an instant."""
    return tuple(
        batch.batch.ref
        for batch in state.in_flight
        if batch.started_at is not None and batch.started_at <= before
    )


def without_report(state: BackfillState, refs: Collection[BatchRef]) -> BackfillState:
    """The backfill after batches ended without a word: they are started again, but not for ever."""
    lost = [batch for batch in state.in_flight if batch.batch.ref in refs]
    if not lost:
        return state
    again = tuple(batch for batch in lost if batch.starts < _MAX_STARTS)
    given_up = sum(batch.batch.size for batch in lost) - sum(batch.batch.size for batch in again)
    what_next = "it was given up" if given_up else "it is started again"
    state = _without(state, {batch.batch.ref for batch in lost})
    return state.model_copy(
        update={
            "waiting": (*again, *state.waiting),
            "unreported": state.unreported + given_up,
            "last_error": f"A batch ended without a report; {what_next}.",
        }
    )


def ending(state: BackfillState) -> BackfillStatus | None:
    """What the backfill ends as, if there is nothing left to do; None: there is."""
    if state.in_flight or next_to_start(state) is not None:
        return None
    if state.status is BackfillStatus.CANCELLING:
        final = state.reason in _FINAL_REASONS
        return BackfillStatus.STOPPED if final else BackfillStatus.CANCELLED
    return BackfillStatus.COMPLETED if state.exhausted and not state.waiting else None


def ended(state: BackfillState, status: BackfillStatus, now: datetime) -> BackfillState:
    """The backfill at its end."""
    return _at_rest(state, status, now)


def active_seconds(state: BackfillState, now: datetime) -> float:
    """How long a backfill has been running, pauses not counted."""
    running_for = (now - state.active_since).total_seconds() if state.active_since else 0.0
    return state.active_seconds + max(0.0, running_for)


def _at_rest(state: BackfillState, status: BackfillStatus, now: datetime) -> BackfillState:
    seconds = active_seconds(state, now)
    return state.model_copy(update={"status": status, "active_seconds": seconds, "active_since": None})


def _without(state: BackfillState, refs: Collection[BatchRef]) -> BackfillState:
    left = tuple(batch for batch in state.in_flight if batch.batch.ref not in refs)
    return state.model_copy(update={"in_flight": left})


def _sum(one: BatchTally, other: BatchTally) -> BatchTally:
    return BatchTally(
        size=one.size + other.size,
        outcomes=_added(one.outcomes, other.outcomes),
        skip_reasons=_added(one.skip_reasons, other.skip_reasons),
        recorded_before=one.recorded_before + other.recorded_before,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=one.cost_usd + other.cost_usd,
        unpriced=one.unpriced + other.unpriced,
    )


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    counts = Counter(one)
    counts.update(other)
    return dict(counts)
