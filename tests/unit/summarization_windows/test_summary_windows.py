"""Which hour is next: full hours, in order, none twice, a day of them at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.summary_windows import HOUR, LAG, MOST_WINDOWS, first_mark, next_window

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
GAPS = st.integers(0, 200)


def test_an_hour_is_next_when_it_has_been_over_for_half_an_hour() -> None:
    window = next_window(first_mark(NOON), NOON)
    assert window == (NOON - 2 * HOUR, NOON - HOUR, 0)
    assert next_window(NOON - HOUR, NOON + LAG - timedelta(microseconds=1)) is None
    assert next_window(NOON - HOUR, NOON + LAG) == (NOON - HOUR, NOON, 0)


@given(MOMENTS, GAPS)
def test_hours_follow_each_other_up_to_the_last_that_is_over(now: datetime, gap: int) -> None:
    end = first_mark(now) + HOUR
    mark, hours, passed_over = end - gap * HOUR, 0, 0
    while (window := next_window(mark, now)) is not None:
        assert window.since == mark + window.passed_over * HOUR
        assert (window.until - window.since, window.since.minute) == (HOUR, 0)
        assert hours == 0 or window.passed_over == 0
        mark, hours, passed_over = window.until, hours + 1, passed_over + window.passed_over
    assert mark == end <= now - LAG
    assert (hours, hours + passed_over) == (min(gap, MOST_WINDOWS), gap)


@given(MOMENTS, st.integers(1, 30))
def test_a_mark_of_the_future_waits(now: datetime, hours: int) -> None:
    assert next_window(first_mark(now) + (1 + hours) * HOUR, now) is None
