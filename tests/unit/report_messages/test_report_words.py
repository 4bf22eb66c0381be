"""How numbers and times of reports are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.report_words import p_value, percent, period

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, "0 %"),
        (0.01, "< 0.1 %"),
        (0.05, "0.1 %"),
        (50.0, "50 %"),
        (92.51, "92.5 %"),
        (99.94, "99.9 %"),
        (99.99, "> 99.9 %"),
        (100.0, "100 %"),
        (100 - 1e-12, "100 %"),
        (1e-15, "0 %"),
    ],
)
def test_all_and_none_are_said_of_all_and_none_only(rate: float, words: str) -> None:
    assert percent(rate) == words


@given(st.integers(1, 10**6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_no_failure_is_rounded_away(counted: tuple[int, int]) -> None:
    passed, total = counted
    words = percent(100 * passed / total)
    assert (words == "100 %") == (passed == total)
    assert (words == "0 %") == (passed == 0)


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "p < 0.001"), (0.0009, "p < 0.001"), (0.001, "p = 0.001"), (1.0, "p = 1.000")]
)
def test_no_p_value_is_nothing(value: float, words: str) -> None:
    assert p_value(value) == words


@pytest.mark.parametrize(
    ("start", "length", "zone", "words"),
    [
        (NINE, timedelta(hours=1), UTC, "21 Nov 2026 09:00 to 10:00 (UTC)"),
        (NINE, timedelta(hours=1), BERLIN, "21 Nov 2026 10:00 to 11:00 (Europe/Berlin)"),
        (NINE, timedelta(days=1), UTC, "21 Nov 2026 09:00 to 22 Nov 2026 09:00 (UTC)"),
        (NINE, timedelta(seconds=40), UTC, "21 Nov 2026 09:00:00 to 09:00:40 (UTC)"),
        (
            NINE + timedelta(seconds=5),
            timedelta(days=1),
            UTC,
            "21 Nov 2026 09:00:05 to 22 Nov 2026 09:00:05 (UTC)",
        ),
        # One day by UTC, two where the reader is.
        (
            NINE + timedelta(hours=13),
            timedelta(hours=2),
            BERLIN,
            "21 Nov 2026 23:00 to 22 Nov 2026 01:00 (Europe/Berlin)",
        ),
    ],
    ids=["hour", "zone", "day", "seconds", "seconds-of-days", "midnight"],
)
def test_a_period_says_the_date_once_and_seconds_where_they_matter(
    start: datetime, length: timedelta, zone: ZoneInfo, words: str
) -> None:
    assert period(start, start + length, zone) == words
