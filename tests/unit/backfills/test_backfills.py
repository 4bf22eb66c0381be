"""The transitions of a backfill: whatever happens in whatever order, no target is lost or counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assay.contracts.evaluation_backfills import BackfillCommand, BackfillState, BackfillStatus
from assay.contracts.evaluation_batches import BatchFinished, BatchRef, BatchTally, ClaimedBatch, ClaimedPage
from assay.contracts.evaluations import EvaluationType
from assay.domain import backfills
from assay.domain.backfills import WINDOW

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVALUATION = UUID("0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10")


def a_batch(page: int, number: int, size: int) -> ClaimedBatch:
    ref = BatchRef(project_id=1, evaluation_id=EVALUATION, dispatch_id=f"backfill-{page}", number=number)
    return ClaimedBatch(ref=ref, evaluation_name="Short", evaluation_type=EvaluationType.HOG, size=size)


def a_page(state: BackfillState, *sizes: int, last: bool = False, seen: int | None = None) -> ClaimedPage:
    return ClaimedPage(
        batches=tuple(a_batch(state.page, number, size) for number, size in enumerate(sizes)),
        seen=sum(sizes) if seen is None else seen,
        before=None if last else (NOW, EVALUATION),
    )


class Backfill(RuleBasedStateMachine):
    """Everything that can happen to a backfill, at random."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.state = backfills.new_state(NOW)
        self.verdicts: dict[BatchRef, int] = {}

    @rule(seconds=st.integers(1, 600))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: backfills.targets_to_claim(self.state) > 0)
    @rule(sizes=st.lists(st.integers(1, 200), max_size=6), filtered=st.integers(0, 2_000), last=st.booleans())
    def page(self, sizes: list[int], filtered: int, last: bool) -> None:
        page = a_page(self.state, *sizes, last=last, seen=sum(sizes) + filtered)
        self.state = backfills.with_page(self.state, page, self.now)

    @precondition(lambda self: backfills.targets_to_claim(self.state) > 0)
    @rule(reason=st.sampled_from(["hog_error", "deleted"]))
    def stopped_page(self, reason: str) -> None:
        before = self.state
        self.state = backfills.with_page(before, ClaimedPage(stopped=reason), self.now)
        assert (self.state.before, self.state.exhausted) == (before.before, before.exhausted)

    @precondition(lambda self: backfills.next_to_start(self.state) is not None)
    @rule()
    def start(self) -> None:
        self.state = backfills.started(self.state, self.now)

    @precondition(lambda self: self.state.in_flight)
    @rule(data=st.data(), stopped=st.none() | st.sampled_from(["hog_error", "ai_consent_missing", "deleted"]))
    def report(self, data: st.DataObject, stopped: str | None) -> None:
        batch = data.draw(st.sampled_from(self.state.in_flight)).batch
        known = self.verdicts.get(batch.ref, 0)
        left = batch.size - known
        judged = left if stopped is None else data.draw(st.integers(0, left))
        self.verdicts[batch.ref] = known + judged
        tally = BatchTally(size=batch.size, outcomes={"pass": judged}, recorded_before=known, stopped=stopped)
        finished = BatchFinished(ref=batch.ref, tally=tally)
        self.state = backfills.finished(self.state, finished, self.now)
        assert backfills.finished(self.state, finished, self.now) == self.state, "a report counts once"

    @precondition(lambda self: self.state.in_flight)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        lost = data.draw(st.sampled_from(self.state.in_flight)).batch.ref
        self.state = backfills.without_report(self.state, [lost])

    @rule(command=st.sampled_from(BackfillCommand))
    def tell(self, command: BackfillCommand) -> None:
        if backfills.refusal(command, self.state.status) is not None:
            return
        told = {
            BackfillCommand.PAUSE: backfills.paused,
            BackfillCommand.RESUME: backfills.running,
            BackfillCommand.CANCEL: backfills.cancelling,
        }[command](self.state, self.now)
        assert told.status is not self.state.status or told.reason == self.state.reason
        self.state = told

    @invariant()
    def every_claimed_target_is_somewhere(self) -> None:
        batches = [*self.state.waiting, *self.state.in_flight]
        outstanding = sum(batch.batch.size for batch in batches)
        assert self.state.claimed == outstanding + self.state.tally.size + self.state.unreported
        assert len({batch.batch.ref for batch in batches}) == len(batches)

    @invariant()
    def every_verdict_counts_once(self) -> None:
        assert self.state.tally.judged == sum(self.verdicts.values())
        assert self.state.tally.recorded_before == 0

    @invariant()
    def the_window_holds(self) -> None:
        assert len(self.state.in_flight) <= WINDOW
        assert backfills.targets_to_claim(self.state) <= WINDOW * 200

    @invariant()
    def it_never_hangs(self) -> None:
        """Something is to be done, or under way, or a person has to say something."""
        assert (
            backfills.ending(self.state)
            or backfills.next_to_start(self.state)
            or backfills.targets_to_claim(self.state)
            or self.state.in_flight
            or self.state.status is BackfillStatus.PAUSED
        )

    @invariant()
    def who_is_at_rest_claims_nothing(self) -> None:
        if self.state.status is not BackfillStatus.RUNNING:
            assert backfills.targets_to_claim(self.state) == 0
            assert self.state.active_since is None
        if self.state.reason is not None:
            assert backfills.next_to_start(self.state) is None


Backfill.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestBackfill = Backfill.TestCase


@pytest.mark.parametrize(
    ("command", "status", "refused"),
    [
        ("pause", "running", None),
        ("pause", "paused", None),
        ("pause", "cancelling", "The backfill is being cancelled: it can no longer be told to pause."),
        ("resume", "paused", None),
        ("resume", "running", "The backfill is not paused: it is running."),
        ("resume", "cancelling", "The backfill is being cancelled: it can no longer be told to resume."),
        ("cancel", "running", None),
        ("cancel", "paused", None),
        ("cancel", "cancelling", None),
        ("cancel", "completed", "The backfill has ended (completed): it can no longer be told to cancel."),
        ("pause", "cancelled", "The backfill has ended (cancelled): it can no longer be told to pause."),
        ("resume", "stopped", "The backfill has ended (stopped): it can no longer be told to resume."),
    ],
)
def test_which_commands_make_sense(command: str, status: str, refused: str | None) -> None:
    assert backfills.refusal(BackfillCommand(command), BackfillStatus(status)) == refused


def test_pages_are_claimed_for_places_that_are_free() -> None:
    state = backfills.new_state(NOW)
    assert backfills.targets_to_claim(state) == 800
    state = backfills.with_page(state, a_page(state, 200, 200, 200), NOW)
    assert backfills.targets_to_claim(state) == 0, "one free place is not worth a page"
    state = backfills.started(state, NOW)
    report = BatchFinished(ref=state.in_flight[0].batch.ref, tally=BatchTally(size=200))
    assert backfills.targets_to_claim(backfills.finished(state, report, NOW)) == 400


@pytest.mark.parametrize("reason", ["deleted", "evaluation_type_changed"])
def test_what_no_change_mends_ends_the_backfill(reason: str) -> None:
    state = backfills.with_page(backfills.new_state(NOW), ClaimedPage(stopped=reason), NOW)
    assert backfills.ending(state) is BackfillStatus.STOPPED


def test_a_batch_that_goes_on_does_not_find_its_own_verdicts_a_second_time() -> None:
    state = backfills.started(
        backfills.with_page(backfills.new_state(NOW), a_page(backfills.new_state(NOW), 200), NOW), NOW
    )
    ref = state.in_flight[0].batch.ref
    stopped = BatchTally(size=200, outcomes={"pass": 50}, recorded_before=5, stopped="hog_error")
    state = backfills.finished(state, BatchFinished(ref=ref, tally=stopped), NOW)
    assert (state.status, state.reason) == (BackfillStatus.PAUSED, "hog_error")
    state = backfills.started(backfills.running(state, NOW), NOW)
    rest = BatchTally(size=200, outcomes={"fail": 145}, recorded_before=55)
    tally = backfills.finished(state, BatchFinished(ref=ref, tally=rest), NOW).tally
    assert (tally.size, tally.outcomes, tally.recorded_before) == (200, {"pass": 50, "fail": 145}, 5)


def test_batches_that_were_started_long_ago() -> None:
    state = backfills.new_state(NOW)
    state = backfills.with_page(state, a_page(state, 200, 200), NOW)
    state = backfills.started(backfills.started(state, NOW), NOW + timedelta(minutes=5))
    [first, _] = state.in_flight
    assert backfills.silent_since(state, NOW) == (first.batch.ref,)
    assert backfills.silent_since(state, NOW - timedelta(seconds=1)) == ()


def test_pauses_do_not_count_as_time_at_work() -> None:
    state = backfills.new_state(NOW)
    state = backfills.paused(state, NOW + timedelta(seconds=100))
    state = backfills.running(state, NOW + timedelta(hours=5))
    assert backfills.active_seconds(state, NOW + timedelta(hours=5, seconds=20)) == 120
