"""What happens to an occurrence where the clocks of a zone change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.recurrence import next_occurrence


def local(text: str, zone: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def fired(rule: str, start: str, zone: str, after: str, count: int) -> list[str]:
    """The next occurrences as the clocks of the zone show them, with their offset."""
    shown = []
    instant = local(after, zone)
    for _ in range(count):
        found = next_occurrence(rule, local(start, zone), zone, instant)
        assert found is not None
        instant = found
        shown.append(found.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
    return shown


DAILY = [
    # a skipped time moves forward by the gap, for that day only
    (
        "America/New_York",
        "2027-01-01T02:30",
        "2027-03-12T12:00",
        ["2027-03-13T02:30-05:00", "2027-03-14T03:30-04:00", "2027-03-15T02:30-04:00"],
    ),
    (
        "Europe/Berlin",
        "2027-01-01T02:30",
        "2027-03-26T12:00",
        ["2027-03-27T02:30+01:00", "2027-03-28T03:30+02:00", "2027-03-29T02:30+02:00"],
    ),
    (
        "Australia/Lord_Howe",
        "2026-01-01T02:10",
        "2026-10-02T12:00",
        ["2026-10-03T02:10+10:30", "2026-10-04T02:40+11:00", "2026-10-05T02:10+11:00"],
    ),
    # the gap of Sao Paulo was at midnight
    (
        "America/Sao_Paulo",
        "2018-01-01T00:15",
        "2018-11-02T12:00",
        ["2018-11-03T00:15-03:00", "2018-11-04T01:15-02:00", "2018-11-05T00:15-02:00"],
    ),
    # Apia left out 30 December 2011: what falls on it lands on the next day, where it is one with that day's
    (
        "Pacific/Apia",
        "2011-01-01T09:00",
        "2011-12-28T12:00",
        ["2011-12-29T09:00-10:00", "2011-12-31T09:00+14:00", "2012-01-01T09:00+14:00"],
    ),
    # a repeated time fires once, the first time
    (
        "America/New_York",
        "2026-01-01T01:30",
        "2026-10-31T12:00",
        ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
    ),
    (
        "Europe/Berlin",
        "2026-01-01T02:30",
        "2026-10-24T12:00",
        ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
    ),
    (
        "Australia/Lord_Howe",
        "2026-01-01T01:45",
        "2026-04-04T12:00",
        ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
    ),
    # Morocco sets its clocks back for Ramadan and forward after it
    (
        "Africa/Casablanca",
        "2026-01-01T02:30",
        "2026-02-14T12:00",
        ["2026-02-15T02:30+01:00", "2026-02-16T02:30+00:00"],
    ),
    (
        "Africa/Casablanca",
        "2026-01-01T02:30",
        "2026-03-21T12:00",
        ["2026-03-22T03:30+01:00", "2026-03-23T02:30+01:00"],
    ),
]


@pytest.mark.parametrize(
    ("zone", "start", "after", "expected"), DAILY, ids=[f"{zone}-{after[:10]}" for zone, _, after, _ in DAILY]
)
def test_daily(zone: str, start: str, after: str, expected: list[str]) -> None:
    assert fired("FREQ=DAILY", start, zone, after, len(expected)) == expected


def test_nine_o_clock_stays_nine_o_clock() -> None:
    shown = fired("FREQ=MONTHLY", "2026-01-15T09:00", "America/New_York", "2026-01-15T10:00", 11)
    assert [instant[11:] for instant in shown] == ["09:00-05:00"] + ["09:00-04:00"] * 8 + ["09:00-05:00"] * 2


def test_two_times_that_the_gap_makes_one_fire_once() -> None:
    shown = fired("FREQ=DAILY;BYHOUR=2,3", "2027-01-01T02:30", "Europe/Berlin", "2027-03-27T12:00", 3)
    assert shown == ["2027-03-28T03:30+02:00", "2027-03-29T02:30+02:00", "2027-03-29T03:30+02:00"]


def test_times_that_move_past_others_still_come_in_order() -> None:
    shown = fired("FREQ=DAILY;BYHOUR=9,17", "2011-01-01T09:00", "Pacific/Apia", "2011-12-29T12:00", 4)
    assert [instant[:16] for instant in shown] == [
        "2011-12-29T17:00",
        "2011-12-31T09:00",
        "2011-12-31T17:00",
        "2012-01-01T09:00",
    ]


def test_a_weekly_rule_keeps_the_day_that_its_zone_left_out() -> None:
    shown = fired("FREQ=WEEKLY;BYDAY=FR", "2011-12-02T09:00", "Pacific/Apia", "2011-12-24T12:00", 2)
    assert [instant[:16] for instant in shown] == ["2011-12-31T09:00", "2012-01-06T09:00"]


def test_hourly_rules_fire_through_a_gap_and_a_repetition_every_hour() -> None:
    for after in ("2027-03-27T20:00", "2026-10-24T20:00"):
        instant = local(after, "Europe/Berlin").astimezone(UTC)
        for _ in range(12):
            found = next_occurrence(
                "FREQ=HOURLY", local("2026-01-01T00:20", "Europe/Berlin"), "Europe/Berlin", instant
            )
            assert found is not None
            assert timedelta(minutes=20) <= found - instant <= timedelta(hours=1)
            instant = found


def test_an_hourly_filter_counts_the_repeated_hour_twice() -> None:
    shown = fired("FREQ=HOURLY;BYHOUR=2", "2026-01-01T00:00", "Europe/Berlin", "2026-10-24T12:00", 3)
    assert shown == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-26T02:00+01:00"]


@pytest.mark.parametrize(
    ("zone", "after"),
    [
        # clocks that were changed for no more than a week
        ("America/Recife", "2000-10-05T13:00"),
        ("Asia/Gaza", "2040-10-17T13:00"),
        ("Asia/Gaza", "2054-03-25T13:00"),
        # a minute past midnight the day before comes back
        ("America/St_Johns", "2005-10-26T13:00"),
    ],
)
def test_an_hourly_filter_notices_every_change_of_the_clocks(zone: str, after: str) -> None:
    shown = fired("FREQ=HOURLY;BYHOUR=12,23", "2000-01-01T00:00", zone, after, 30)
    assert {instant[11:13] for instant in shown} == {"12", "23"}
    days = {date.fromisoformat(instant[:10]) for instant in shown}
    assert (max(days) - min(days)).days == len(days) - 1


def test_an_hourly_rule_in_a_zone_of_half_hours() -> None:
    shown = fired(
        "FREQ=HOURLY;INTERVAL=6;BYMINUTE=0", "2026-01-01T10:17", "Asia/Kolkata", "2026-01-01T10:17", 2
    )
    assert shown == ["2026-01-01T16:00+05:30", "2026-01-01T22:00+05:30"]


def test_a_rule_can_start_at_the_second_of_two_equal_times() -> None:
    zone = "Europe/Berlin"
    start = local("2026-10-25T02:30", zone, fold=1)
    found = next_occurrence("FREQ=DAILY;COUNT=1", start, zone, start - timedelta(days=1))
    assert found == start.astimezone(UTC)
    assert next_occurrence("FREQ=DAILY;COUNT=1", start, zone, start) is None
