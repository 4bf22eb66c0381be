"""Parts of dates, sums and differences, starts of units."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.dates import date_text, instant
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from tests.unit.hog.library_time.calls import at, call, walls

BERLIN = "Europe/Berlin"
CLOCK = {"second": 1, "minute": 60, "hour": 3600}
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = [*CLOCK, *DAYS, *MONTHS]

PLACES = st.sampled_from(
    [
        "UTC",
        BERLIN,
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Havana",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ]
).map(ZoneInfo)
MOMENTS = st.builds(
    lambda wall, zone: wall.replace(tzinfo=UTC).astimezone(zone),
    walls("1950-01-01", "2100-01-01"),
    PLACES,
)


def text(value: Any) -> str:
    return date_text(value)


@pytest.mark.parametrize(
    ("unit", "amount", "value", "expected"),
    [
        ("day", 1, date(2024, 2, 28), "2024-02-29"),
        ("day", -60, date(2024, 2, 29), "2023-12-31"),
        ("week", 2, date(2024, 2, 28), "2024-03-13"),
        ("month", 1, date(2024, 1, 31), "2024-02-29"),
        ("month", -1, date(2023, 3, 31), "2023-02-28"),
        ("month", 12, date(2024, 2, 29), "2025-02-28"),
        ("quarter", 1, date(2024, 11, 30), "2025-02-28"),
        ("year", -4, date(2024, 2, 29), "2020-02-29"),
        ("year", 1, date(2024, 2, 29), "2025-02-28"),
        ("hour", 25, date(2024, 2, 28), "2024-02-29T01:00:00.000Z"),
        ("second", -1, date(2024, 3, 1), "2024-02-29T23:59:59.000Z"),
        ("day", 2.0, date(2024, 2, 28), "2024-03-01"),
        ("hour", 1.5, "2024-02-28", "2024-02-28T01:30:00.000Z"),
        ("minute", 0.5, "2024-02-28T10:00+02:00", "2024-02-28T08:00:30.000Z"),
        ("month", 1, "2024-01-31 10:00:00", "2024-02-29T10:00:00.000Z"),
        ("Days", 1, date(2024, 2, 28), "2024-02-29"),
        ("MONTH", 1, date(2024, 1, 31), "2024-02-29"),
    ],
)
def test_date_add(unit: str, amount: float, value: Any, expected: str) -> None:
    assert text(call("dateAdd", unit, amount, value)) == expected


@pytest.mark.parametrize(
    ("unit", "amount", "start", "expected"),
    [
        ("day", 1, "2024-03-30 12:00", "2024-03-31T12:00:00.000+02:00"),  # a day of 23 hours
        ("hour", 24, "2024-03-30 12:00", "2024-03-31T13:00:00.000+02:00"),
        ("day", 1, "2024-03-30 02:30", "2024-03-31T03:30:00.000+02:00"),  # skipped, so an hour later
        ("hour", 1, "2024-03-31 01:30", "2024-03-31T03:30:00.000+02:00"),
        ("day", 1, "2024-10-26 02:30", "2024-10-27T02:30:00.000+02:00"),  # shown twice: the first
        ("hour", 1, "2024-10-27 02:30", "2024-10-27T02:30:00.000+01:00"),
        ("hour", 25, "2024-10-26 12:00", "2024-10-27T12:00:00.000+01:00"),
        ("month", 6, "2024-01-15 09:00", "2024-07-15T09:00:00.000+02:00"),
    ],
)
def test_days_follow_the_calendar_and_hours_pass(unit: str, amount: int, start: str, expected: str) -> None:
    assert text(call("dateAdd", unit, amount, at(start, BERLIN))) == expected


def test_the_second_of_two_hours_stays_the_second() -> None:
    second = call("toTimeZone", at("2024-10-27T01:30Z"), BERLIN)

    assert text(call("dateAdd", "day", 0, second)) == "2024-10-27T02:30:00.000+01:00"
    assert text(call("dateAdd", "year", 0, second)) == "2024-10-27T02:30:00.000+01:00"
    # 154 days later the clocks skip that hour, whichever of the two it is counted from
    assert text(call("addDays", second, 154)) == "2025-03-30T03:30:00.000+02:00"


@given(MOMENTS, st.sampled_from(UNITS))
def test_adding_nothing_changes_nothing(moment: datetime, unit: str) -> None:
    moved = call("dateAdd", unit, 0, moment)

    assert instant(moved) == instant(moment)
    assert moved.utcoffset() == moment.utcoffset()


@given(MOMENTS, st.sampled_from(list(CLOCK)), st.integers(-(10**6), 10**6))
def test_clock_units_pass(moment: datetime, unit: str, amount: int) -> None:
    moved = call("dateAdd", unit, amount, moment)

    assert instant(moved) - instant(moment) == timedelta(seconds=amount * CLOCK[unit])
    assert moved.tzinfo is moment.tzinfo
    assert call("dateDiff", unit, moment, moved) == amount


@given(MOMENTS, st.sampled_from(UNITS[3:]), st.integers(-500, 500))
def test_calendar_units_agree_with_dateutil(moment: datetime, unit: str, amount: int) -> None:
    step = relativedelta(days=amount * DAYS.get(unit, 0), months=amount * MONTHS.get(unit, 0))
    wall = moment.replace(tzinfo=None) + step
    moved = call("dateAdd", unit, amount, moment)

    gap = moved.replace(tzinfo=None) - wall
    assert timedelta(0) <= gap <= timedelta(days=1)
    if gap:  # only where the clocks skip the time
        assert (
            wall.replace(tzinfo=moment.tzinfo).astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None)
            != wall
        )


@given(st.dates(date(600, 1, 1), date(9400, 1, 1)), st.sampled_from(UNITS[3:]), st.integers(-500, 500))
def test_days_agree_with_dateutil(day: date, unit: str, amount: int) -> None:
    step = relativedelta(days=amount * DAYS.get(unit, 0), months=amount * MONTHS.get(unit, 0))

    moved = call("dateAdd", unit, amount, day)

    assert moved == day + step
    assert type(moved) is date


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("amount", [10**9 * 10**9, -(10**9 * 10**9), 2**1000, 1e18, -1e300])
@pytest.mark.parametrize("value", [date(2024, 1, 31), datetime(2024, 1, 31, tzinfo=UTC)])
def test_sums_beyond_the_calendar_end_at_once(unit: str, amount: float, value: date) -> None:
    with pytest.raises(HogInputError, match="beyond the years 1 to 9999"):
        call("dateAdd", unit, amount, value)


@pytest.mark.parametrize("amount", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("unit", UNITS)
def test_amounts_that_are_no_number(unit: str, amount: float) -> None:
    with pytest.raises(HogInputError):
        call("dateAdd", unit, amount, date(2024, 1, 31))


def test_calendar_units_are_whole() -> None:
    with pytest.raises(HogInputError, match=r"whole days, not by 1\.5"):
        call("addDays", date(2024, 1, 31), 1.5)
    with pytest.raises(HogInputError, match=r"whole months, not by 0\.1"):
        call("dateAdd", "month", 0.1, date(2024, 1, 31))


def test_add_days() -> None:
    assert call("addDays", date(2024, 2, 28), 2) == date(2024, 3, 1)
    assert text(call("addDays", at("2024-03-30 12:00", BERLIN), 1)) == "2024-03-31T12:00:00.000+02:00"
    assert text(call("addDays", "2024-02-28", -1)) == "2024-02-27T00:00:00.000Z"


@pytest.mark.parametrize(
    ("unit", "start", "end", "expected"),
    [
        ("second", "2024-05-03 10:00:00", "2024-05-03 10:00:59.9", 59),
        ("minute", "2024-05-03 10:00:30", "2024-05-03 10:02:29", 1),
        ("hour", "2024-05-03 10:59", "2024-05-03 12:00", 1),
        ("hour", "2024-05-03 12:00", "2024-05-03 11:30", -1),
        ("day", "2024-05-03 23:59", "2024-05-04 00:01", 0),
        ("day", "2024-05-03", "2024-06-03", 31),
        ("day", "2024-05-04", "2024-05-03 12:00", -1),
        ("week", "2024-05-03", "2024-05-16 23:00", 1),
        ("month", "2024-01-31", "2024-02-01", 1),
        ("month", "2024-01-01", "2024-01-31", 0),
        ("month", "2024-02-01", "2023-12-31", -2),
        ("quarter", "2024-03-31", "2024-04-01", 1),
        ("quarter", "2024-01-01", "2024-03-31", 0),
        ("year", "2023-12-31 23:59", "2024-01-01", 1),
        ("year", "2024-01-01", "2024-12-31", 0),
    ],
)
def test_date_diff(unit: str, start: str, end: str, expected: int) -> None:
    assert call("dateDiff", unit, start, end) == expected
    assert call("dateDiff", unit, at(start), at(end)) == expected
    if ":" not in start + end:
        assert call("dateDiff", unit, call("toDate", start), call("toDate", end)) == expected


def test_differences_are_between_moments_not_clocks() -> None:
    first, second = at("2024-10-27 00:30", BERLIN), at("2024-10-27 23:30", BERLIN)

    assert call("dateDiff", "hour", first, second) == 24
    assert call("dateDiff", "hour", at("2024-05-03 10:00", BERLIN), at("2024-05-03 10:00")) == 2


@given(MOMENTS, MOMENTS, st.sampled_from([*CLOCK, *DAYS]))
def test_differences_round_down(start: datetime, end: datetime, unit: str) -> None:
    length = timedelta(seconds=CLOCK.get(unit, 0), days=DAYS.get(unit, 0))

    passed = call("dateDiff", unit, start, end)

    assert passed * length <= instant(end) - instant(start) < (passed + 1) * length


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("second", "2024-08-14T17:45:52.000Z"),
        ("minute", "2024-08-14T17:45:00.000Z"),
        ("hour", "2024-08-14T17:00:00.000Z"),
        ("day", "2024-08-14T00:00:00.000Z"),
        ("week", "2024-08-12T00:00:00.000Z"),
        ("month", "2024-08-01T00:00:00.000Z"),
        ("quarter", "2024-07-01T00:00:00.000Z"),
        ("year", "2024-01-01T00:00:00.000Z"),
    ],
)
def test_date_trunc(unit: str, expected: str) -> None:
    assert text(call("dateTrunc", unit, at("2024-08-14T17:45:52.987"))) == expected
    assert text(call("dateTrunc", unit, "2024-08-14T17:45:52.987")) == expected
    again = call("dateTrunc", unit, call("dateTrunc", unit, at("2024-08-14T17:45:52.987")))
    assert text(again) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("dateTrunc", "day", "2024-05-03T23:30:00Z", BERLIN), "2024-05-04T00:00:00.000+02:00"),
        (("dateTrunc", "month", "2024-05-03T23:30:00Z", None), "2024-05-01T00:00:00.000Z"),
        (("dateTrunc", "month", date(2024, 5, 3), BERLIN), "2024-05-01T00:00:00.000+02:00"),
        (("dateTrunc", "day", date(2024, 5, 3)), "2024-05-03T00:00:00.000Z"),
        (("toStartOfDay", "2024-05-03T23:30:00Z"), "2024-05-03T00:00:00.000Z"),
        (("toStartOfDay", "2024-05-03T23:30:00Z", BERLIN), "2024-05-04T00:00:00.000+02:00"),
        (("toStartOfDay", date(2024, 5, 3)), "2024-05-03T00:00:00.000Z"),
        (("toStartOfHour", "2024-05-03T23:30:59Z"), "2024-05-03T23:00:00.000Z"),
        (("toStartOfMonth", date(2024, 2, 29)), "2024-02-01T00:00:00.000Z"),
        (("toStartOfWeek", "2024-05-05 13:00"), "2024-04-29T00:00:00.000Z"),  # a Sunday
        (("toStartOfWeek", "2024-05-06"), "2024-05-06T00:00:00.000Z"),
        (("toStartOfWeek", "2024-05-05 13:00", None), "2024-04-29T00:00:00.000Z"),
        (("toStartOfWeek", "2024-05-05 13:00", 0), "2024-05-05T00:00:00.000Z"),
        (("toStartOfWeek", "2024-05-04 13:00", 0), "2024-04-28T00:00:00.000Z"),
        (("toStartOfWeek", date(2024, 5, 5), 1), "2024-04-29T00:00:00.000Z"),
        (("toStartOfWeek", date(2024, 5, 5), 8), "2024-05-05T00:00:00.000Z"),
        (("toStartOfWeek", date(2024, 5, 5), 9.0), "2024-04-29T00:00:00.000Z"),
    ],
)
def test_starts(arguments: tuple[Any, ...], expected: str) -> None:
    assert text(call(*arguments)) == expected


@pytest.mark.parametrize(
    ("name", "zone", "moment", "expected"),
    [
        # clocks are set back: each of the two hours has its own start, the day has one
        ("toStartOfHour", BERLIN, "2024-10-27T00:40Z", "2024-10-27T02:00:00.000+02:00"),
        ("toStartOfHour", BERLIN, "2024-10-27T01:40Z", "2024-10-27T02:00:00.000+01:00"),
        ("toStartOfDay", BERLIN, "2024-10-27T12:00Z", "2024-10-27T00:00:00.000+02:00"),
        # midnight comes twice in Havana, and not at all in São Paulo
        ("toStartOfDay", "America/Havana", "2024-11-03T05:30Z", "2024-11-03T00:00:00.000-04:00"),
        ("toStartOfDay", "America/Sao_Paulo", "2018-11-04T12:00Z", "2018-11-04T01:00:00.000-02:00"),
    ],
)
def test_starts_where_clocks_change(name: str, zone: str, moment: str, expected: str) -> None:
    assert text(call(name, call("toTimeZone", at(moment), zone))) == expected


@given(MOMENTS, st.sampled_from(UNITS))
def test_a_start_is_not_later_and_is_its_own_start(moment: datetime, unit: str) -> None:
    start = call("dateTrunc", unit, moment)

    assert instant(start) <= instant(moment)
    assert instant(call("dateTrunc", unit, start)) == instant(start)
    if unit in MONTHS:
        assert call("dateDiff", unit, start, moment) == 0


def test_weeks_do_not_begin_before_the_year_1() -> None:
    assert text(call("toStartOfWeek", date(1, 1, 1))) == "0001-01-01T00:00:00.000Z"
    with pytest.raises(HogInputError, match="beyond the years"):
        call("toStartOfWeek", date(1, 1, 1), 0)


@pytest.mark.parametrize("mode", [10, -1, 1.5, math.nan, math.inf, 10**300])
def test_modes_of_weeks_are_0_to_9(mode: float) -> None:
    with pytest.raises(HogRuntimeError, match="modes 0 to 9"):
        call("toStartOfWeek", date(2024, 5, 5), mode)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("year", 2024), ("quarter", 4), ("month", 12), ("week", 1), ("day", 30),
        ("hour", 17), ("minute", 45), ("second", 52), ("YEAR", 2024),
    ],
)  # fmt: skip
def test_extract(part: str, expected: int) -> None:
    assert call("extract", part, at("2024-12-30 17:45:52.9")) == expected
    assert call("extract", part, "2024-12-30T17:45:52.9Z") == expected


def test_parts_are_those_of_a_moment_s_own_clocks() -> None:
    new_year = call("toTimeZone", at("2023-12-31T23:30Z"), BERLIN)

    assert call("toYear", new_year) == 2024
    assert call("toMonth", new_year) == 1
    assert call("toYYYYMM", new_year) == 202401
    assert call("extract", "hour", new_year) == 0
    assert call("toYYYYMM", "2023-12-31T23:30Z") == 202312
    assert call("toYear", date(33, 4, 3)) == 33
    assert call("extract", "hour", date(2024, 5, 3)) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("toYear", None), ("toMonth", None), ("toYYYYMM", None), ("extract", "year", None),
        ("dateAdd", "day", None, date(2024, 1, 1)), ("dateAdd", "day", 1, None), ("addDays", None, 1),
        ("dateDiff", "day", None, date(2024, 1, 1)), ("dateDiff", "day", date(2024, 1, 1), None),
        ("dateTrunc", "day", None), ("toStartOfDay", None), ("toStartOfWeek", None, 0),
        ("toStartOfHour", None), ("toStartOfMonth", None),
    ],
)  # fmt: skip
def test_null_gives_null(arguments: tuple[Any, ...]) -> None:
    assert call(*arguments) is None


@pytest.mark.parametrize(
    "unit", ["", "fortnight", "dayss", "s", "day" * 1000, "d\ud800"], ids=lambda u: ascii(u[:9])
)
@pytest.mark.parametrize("name", ["dateAdd", "dateDiff", "dateTrunc", "extract"])
def test_unknown_units_are_the_program_s_fault(name: str, unit: str) -> None:
    arguments = {"dateAdd": (1,), "dateDiff": (date(2024, 1, 1),)}.get(name, ())

    with pytest.raises(HogRuntimeError, match=f"{name} knows no unit") as failed:
        call(name, unit, *arguments, date(2024, 1, 1))
    assert not isinstance(failed.value, HogInputError)
    assert "quarter" in failed.value.message
    assert failed.value.message.isascii()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("toYear", 2024), "toYear needs a date, not an integer"),
        (("toYear", "last year"), "toYear cannot read 'last year' as a date"),
        (("toMonth", [1]), "toMonth needs a date, not an array"),
        (("dateAdd", 1, "day", "2024-01-01"), "dateAdd needs a unit of time, not an integer"),
        (("dateAdd", "day", "2", "2024-01-01"), "dateAdd needs a number, not a string"),
        (("dateAdd", "day", True, "2024-01-01"), "dateAdd needs a number, not a boolean"),
        (("toStartOfWeek", date(2024, 1, 1), "1"), "toStartOfWeek needs a number, not a string"),
        (("toStartOfDay", date(2024, 1, 1), 1), "toStartOfDay needs the name of a time zone, not an integer"),
    ],
)
def test_values_of_another_type_are_refused_by_name(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(HogInputError) as failed:
        call(*arguments)
    assert failed.value.message == message
