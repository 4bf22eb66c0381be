"""When counting results may be worth it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.report_workflows import ResultsObserved
from schedules.result_count import COUNT_EVERY, ResultCount

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
moments = st.integers(0, 3 * 3600).map(lambda seconds: NOON + timedelta(seconds=seconds))
counts = st.builds(
    ResultCount,
    pending=st.integers(0, 20),
    counted=st.integers(0, 20),
    counted_until=st.none() | moments,
    held_until=st.none() | moments,
)


def test_nobody_has_counted_yet() -> None:
    assert ResultCount().is_to_count(10, NOON)
    assert ResultCount().next_look() is None


def test_hints_add_up_to_a_count_and_are_forgotten_by_it() -> None:
    count = ResultCount().found(7, NOON)
    for _ in range(2):
        assert not count.is_to_count(10, NOON)
        count = count.heard(ResultsObserved(count=2, up_to=NOON + timedelta(seconds=1)))
    assert count.is_to_count(10, NOON)
    again = count.counting()
    assert (again.pending, again.found(3, NOON).counted) == (0, 3)


def test_what_the_count_has_seen_is_no_news() -> None:
    count = ResultCount().found(7, NOON)
    assert count.heard(ResultsObserved(count=5, up_to=NOON)) == count


def test_while_it_is_held_nothing_is_worth_a_count_and_then_it_is() -> None:
    until = NOON + timedelta(minutes=20)
    count = ResultCount().found(10, NOON).held(until)
    assert not count.is_to_count(10, until - timedelta(microseconds=1))
    assert count.is_to_count(10, until)
    assert count.found(4, until).held_until is None


@given(count=counts, now=moments)
def test_who_sleeps_until_the_next_look_has_to_count(count: ResultCount, now: datetime) -> None:
    look = count.next_look()
    threshold = 1_000  # whatever was heard of is not enough
    assert count.is_to_count(threshold, now) == (look is None or now >= look)
    if look is not None and count.held_until is None and count.counted_until is not None:
        assert look == count.counted_until + COUNT_EVERY
