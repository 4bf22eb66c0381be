"""Ends, starts, horizon and rules that must be answered quickly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import FrameType

import pytest

from schedules.recurrence import next_occurrence
from schedules.recurrence_rules import WEEKDAYS

START = datetime(2026, 1, 1, 9, tzinfo=UTC)  # a Thursday
NEW_YORK = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(rule: str, count: int, *, start: datetime = START, zone: str = "UTC") -> list[str]:
    """The first days on which a rule fires."""
    found, after = [], start - timedelta(seconds=1)
    while len(found) < count and (instant := next_occurrence(rule, start, zone, after)) is not None:
        found.append(instant.date().isoformat())
        after = instant
    return found


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=10", ["2026-01-01", "2026-01-11", "2026-01-21"]),
        ("FREQ=WEEKLY", ["2026-01-01", "2026-01-08"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TH;WKST=MO", ["2026-01-01", "2026-01-04", "2026-01-15"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TH;WKST=SU", ["2026-01-01", "2026-01-11", "2026-01-15"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-01-30", "2026-02-27"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-01-30", "2026-02-27", "2026-03-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,2FR", ["2026-01-05", "2026-01-09", "2026-01-12"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2026-02-13", "2026-03-13", "2026-11-13"]),
        ("FREQ=YEARLY", ["2026-01-01", "2027-01-01"]),
        ("FREQ=YEARLY;BYDAY=20MO", ["2026-05-18", "2027-05-17"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", ["2026-05-11", "2027-05-17"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=TH", ["2026-12-31", "2032-12-30"]),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", ["2026-12-28", "2027-12-27"]),
        # weeks without days: the weekday is that of the start
        ("FREQ=YEARLY;BYWEEKNO=1,27", ["2026-01-01", "2026-07-02", "2027-01-07"]),
        ("FREQ=YEARLY;BYWEEKNO=-1;INTERVAL=2", ["2026-12-31", "2028-12-28"]),
        ("FREQ=YEARLY;BYWEEKNO=1,27;BYMONTH=7", ["2026-07-02", "2027-07-08"]),
        ("FREQ=YEARLY;BYWEEKNO=27;BYMONTHDAY=3,4", ["2026-07-03", "2026-07-04", "2028-07-03"]),
        ("FREQ=YEARLY;BYYEARDAY=1,100,-1", ["2026-01-01", "2026-04-10", "2026-12-31"]),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", ["2026-11-03", "2030-11-05"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29"]),
        ("FREQ=HOURLY;INTERVAL=30", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ("FREQ=HOURLY;BYYEARDAY=32;INTERVAL=24", ["2026-02-01", "2027-02-01"]),
        # a first week that is cut off by the start still has all its positions
        ("FREQ=WEEKLY;BYDAY=MO,TH,FR;BYSETPOS=2", ["2026-01-01", "2026-01-08"]),
    ],
)
def test_days_of_a_rule(rule: str, expected: list[str]) -> None:
    assert days(rule, len(expected)) == expected


def test_positions_select_among_the_times_of_a_period() -> None:
    rule = "FREQ=DAILY;BYHOUR=6,12,18;BYSETPOS=-1,1"
    noon = at("2026-01-02T12:00")
    assert next_occurrence(rule, START, "UTC", noon) == at("2026-01-02T18:00")
    assert next_occurrence(rule, START, "UTC", at("2026-01-02T18:00")) == at("2026-01-03T06:00")


def test_the_start_itself_fires_if_the_rule_names_it() -> None:
    just_before = START - timedelta(microseconds=1)
    assert next_occurrence("FREQ=DAILY", START, "UTC", just_before) == START
    assert next_occurrence("FREQ=DAILY;BYHOUR=8", START, "UTC", just_before) == at("2026-01-02T08:00")
    assert next_occurrence("FREQ=DAILY", START, "UTC", START) == START + timedelta(days=1)


def test_a_start_counts_to_the_second() -> None:
    start = START + timedelta(microseconds=123_456)
    assert next_occurrence("FREQ=DAILY", start, "UTC", START) == START + timedelta(days=1)
    assert next_occurrence("FREQ=HOURLY", start, "UTC", START) == START + timedelta(hours=1)


def test_the_zone_decides_on_the_day() -> None:
    start = at("2026-01-01T03:00")  # still 31 December in New York
    assert days("FREQ=MONTHLY", 3, start=start, zone=NEW_YORK) == ["2026-01-01", "2026-02-01", "2026-04-01"]


def test_a_count_is_counted_from_the_start() -> None:
    assert days("FREQ=DAILY;COUNT=3", 9) == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert days("FREQ=DAILY;COUNT=3;INTERVAL=5", 9) == ["2026-01-01", "2026-01-06", "2026-01-11"]
    rule = "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=1000"
    last = at("2032-05-21T09:00")
    assert next_occurrence(rule, START, "UTC", last - timedelta(minutes=1)) == last
    assert next_occurrence(rule, START, "UTC", last) is None


@pytest.mark.parametrize("frequency", ["DAILY", "HOURLY;INTERVAL=24"])
@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260703T130000Z", "2026-07-03T13:00"),  # UTC: 9:00 in New York, inclusive
        ("20260703T125959Z", "2026-07-02T13:00"),
        ("20260703T090000", "2026-07-03T13:00"),  # without Z: the clocks of the zone
        ("20260703T085959", "2026-07-02T13:00"),
        ("20260703", "2026-07-03T13:00"),  # a date: that whole day
    ],
)
def test_the_end_of_a_rule(frequency: str, until: str, last: str) -> None:
    start = at("2026-06-01T13:00")
    rule = f"FREQ={frequency};UNTIL={until}"
    assert next_occurrence(rule, start, NEW_YORK, at(last) - timedelta(minutes=1)) == at(last)
    assert next_occurrence(rule, start, NEW_YORK, at(last)) is None


def test_a_skipped_time_is_within_an_end_on_the_wall_that_names_it() -> None:
    rule = "FREQ=DAILY;UNTIL=20270328T023000"
    found = next_occurrence(rule, at("2027-01-01T01:30"), "Europe/Berlin", at("2027-03-27T12:00"))
    assert found == at("2027-03-28T01:30")


BOUNDED = [
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31;BYMONTH=2",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;BYHOUR=1;BYSETPOS=2",
    "FREQ=HOURLY;BYHOUR=1;BYSETPOS=2",
    "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
    *(
        f"FREQ={frequency};INTERVAL=1000000000"
        for frequency in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
    ),
    "FREQ=DAILY;COUNT=10000",
    "FREQ=HOURLY;COUNT=10000",
    # on the grid of the steps is none of the hours or days that the filters let pass
    f"FREQ=HOURLY;COUNT=10000;INTERVAL=2;BYHOUR={','.join(map(str, range(1, 24, 2)))}",
    "FREQ=HOURLY;COUNT=10000;INTERVAL=24;BYHOUR=3,4",
    "FREQ=HOURLY;COUNT=10000;INTERVAL=168;BYDAY=TU,WE",
    "FREQ=DAILY;COUNT=10000;INTERVAL=7;BYDAY=TU,WE",
    "FREQ=WEEKLY;COUNT=10000;BYDAY=MO,TU;BYSETPOS=3",
    "FREQ=MONTHLY;COUNT=10000;BYMONTHDAY=31;BYDAY=1MO,2MO,-5TU;BYSETPOS=5",
    f"FREQ=YEARLY;COUNT=10000;BYMONTH=2;BYMONTHDAY=30;BYWEEKNO={','.join(map(str, range(1, 54)))}",
    f"FREQ=YEARLY;COUNT=10000;BYYEARDAY=366;INTERVAL=3;BYDAY={','.join(f'{week}MO' for week in range(1, 50))}",
]


MOST_CALLS = 1_000_000
"""Calls of functions in one search. Going through the hours of a hundred years takes several million."""


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """A list whose only item grows to the number of functions that are called meanwhile."""
    calls = [0]

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        calls[0] += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("zone", ["UTC", NEW_YORK])
@pytest.mark.parametrize("rule", BOUNDED)
def test_a_rule_that_never_fires_again_is_answered_in_few_steps(rule: str, zone: str) -> None:
    with counted_calls() as calls:
        found = next_occurrence(rule, at("1970-01-05T00:00"), zone, at("2026-11-21T00:00"))
    assert found is None
    assert 0 < calls[0] < MOST_CALLS


@pytest.mark.parametrize("weekday", WEEKDAYS)
def test_the_rarest_date_is_within_the_horizon(weekday: str) -> None:
    rule = f"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY={weekday}"
    after = at("2080-01-01T00:00")
    while after.year < 2110:
        found = next_occurrence(rule, START, "UTC", after)
        assert found is not None
        after = found


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_time(zone: str) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert next_occurrence("FREQ=DAILY", START, zone, first) == START
    assert next_occurrence("FREQ=DAILY", START, zone, last) is None
    late = at("2999-12-31T12:00")
    assert next_occurrence("FREQ=YEARLY", late, zone, late) is None
    assert next_occurrence("FREQ=DAILY", late, zone, first) == late


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY", "FREQ=DAILY", "FREQ=YEARLY", "FREQ=DAILY;UNTIL=30000101T000000Z"]
)
def test_nothing_fires_at_the_end_of_time(rule: str) -> None:
    start = at("2998-01-01T00:00")
    step_before = at("2999-12-31T23:59")
    assert next_occurrence(rule, start, "UTC", step_before) is None
    assert next_occurrence(rule, start, "UTC", at("2998-12-31T23:59")) == at("2999-01-01T00:00")


@pytest.mark.parametrize("start", ["0001-01-01T00:00", "1969-12-31T23:59", "3000-01-01T00:00"])
def test_a_start_out_of_range_is_refused(start: str) -> None:
    with pytest.raises(ValueError, match="from 1970 to 2999"):
        next_occurrence("FREQ=DAILY", at(start), "UTC", START)
