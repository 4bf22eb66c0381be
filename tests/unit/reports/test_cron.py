"""Operators' cron settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.client import ScheduleCalendarSpec, ScheduleRange

from assay.errors import SetupError
from assay.runtime.settings import Settings, load_settings
from schedules.cron import calendars, check_cron

START = datetime(2027, 2, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "* * * *", "* * * * * *", "@hourly", "60 * * * *", "*/0 * * * *", "0 0 31 2 *",
        "0 9 * * 1#2", "0 0 L * *", "R * * * *", "H H * * *",
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_cron(text)


def test_the_setting_is_checked_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().report_reconcile_cron == "*/10 * * * *"
    monkeypatch.setenv("ASSAY_REPORT_RECONCILE_CRON", "every ten minutes or so")
    with pytest.raises(SetupError, match="ASSAY_REPORT_RECONCILE_CRON"):
        load_settings()


def test_either_kind_of_day_is_enough() -> None:
    by_date, by_weekday = calendars("5 4 1 * mon,7")
    assert by_date.day_of_month == (ScheduleRange(1, 1),)
    assert by_date.day_of_week == (ScheduleRange(0, 6),)
    assert by_weekday.day_of_month == (ScheduleRange(1, 31),)
    assert by_weekday.day_of_week == (ScheduleRange(0, 0), ScheduleRange(1, 1))


def _values(low: int, high: int) -> st.SearchStrategy[str]:
    some = st.lists(st.integers(low, high), min_size=1, max_size=3, unique=True)
    return st.just("*") | some.map(lambda values: ",".join(map(str, values)))


cron_texts = st.tuples(_values(0, 59), _values(0, 23), _values(1, 28), _values(1, 12), _values(0, 6)).map(
    " ".join
)


@settings(max_examples=25, deadline=None)
@given(text=cron_texts)
def test_the_calendars_fire_when_cron_does(text: str) -> None:
    found = croniter(text, START - timedelta(seconds=1)).get_next(datetime)
    assert _fires(text, found)
    for number in range(0, 24 * 40, 23):
        instant = (START + timedelta(hours=number)).replace(minute=found.minute)
        assert _fires(text, instant) == croniter.match(text, instant)


def _fires(text: str, instant: datetime) -> bool:
    return any(_holds(calendar, instant) for calendar in calendars(text))


def _holds(calendar: ScheduleCalendarSpec, instant: datetime) -> bool:
    fields = (
        (calendar.minute, instant.minute),
        (calendar.hour, instant.hour),
        (calendar.day_of_month, instant.day),
        (calendar.month, instant.month),
        (calendar.day_of_week, instant.isoweekday() % 7),
    )
    return all(any(each.start <= value <= each.end for each in ranges) for ranges, value in fields)
