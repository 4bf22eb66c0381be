"""Reports over years: rules, zones and starts at which clocks change, and when their reports have to come.

The model knows nothing of `schedules`: dateutil expands a rule in wall times without a zone, and what such a
time means in a zone is said here in the words of docs/evaluation-reports.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import NamedTuple
from unittest.mock import patch
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import strategies as st

from tests.unit.recurrence.expansion import wall_clock_rules

BEGIN = datetime(2036, 2, 1, 10, 7, 11, tzinfo=UTC)
"""When the reports are made: a leap year follows, and the year after which zone files name no changes any more
but a rule for them."""

END = BEGIN + timedelta(days=4 * 366)

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # half an hour beside its neighbours
    "America/Santiago",  # in the south; clocks change at midnight
    "Pacific/Auckland",
    "Pacific/Chatham",  # 12:45 ahead
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Casablanca",  # set back for Ramadan
    "Africa/Cairo",  # the gap is the first hour of a day
    "Antarctica/Troll",  # changes by two hours
    "America/Nuuk",  # the gap is the last hour of a day
    "Asia/Kolkata",
    "UTC",
)
"""Clocks that change in both halves of the year, oddly, or not at all."""

_COUNTS_AS_MISSED = timedelta(minutes=15)
_A_SHIFT = timedelta(hours=26)
_HOUR = timedelta(hours=1)
_DAYS = {"FREQ=DAILY": 1, "FREQ=WEEKLY": 7, "FREQ=MONTHLY": 28}
_RULES = wall_clock_rules().filter(
    lambda rule: "BYWEEKNO" not in rule
)  # dateutil reads that part its own way


class Case(NamedTuple):
    """A report that goes by a rule."""

    rrule: str
    starts_at: datetime
    timezone_name: str


def shown_at(wall: datetime, zone: ZoneInfo, *, not_before: datetime) -> datetime:
    """When the clocks of a zone show a time: a skipped one moves forward by the gap, a doubled one counts once."""
    as_utc = wall.replace(tzinfo=UTC)
    before, after = (_offset(as_utc + shift, zone) for shift in (-_A_SHIFT, _A_SHIFT))
    showing = [
        instant
        for instant in sorted({as_utc - before, as_utc - after})
        if instant.astimezone(zone).replace(tzinfo=None) == wall
    ]
    if not showing:
        return shown_at(wall + (after - before), zone, not_before=not_before)
    return next((instant for instant in showing if instant >= not_before), showing[-1])


def model(case: Case, until: datetime) -> list[datetime]:
    """Every occurrence of a rule up to an instant, in order."""
    zone, start = ZoneInfo(case.timezone_name), case.starts_at
    rule, _, end = case.rrule.partition(";UNTIL=")
    last_wall = (until + 2 * _A_SHIFT).replace(tzinfo=None)
    with patch("datetime.MAXYEAR", last_wall.year + 1):  # where dateutil gives up on a rule that never fires
        expanded = rrulestr(rule, dtstart=start.astimezone(zone).replace(tzinfo=None))
        walls = list(takewhile(lambda wall: wall <= last_wall, expanded))
    if end and not end.endswith("Z"):
        last = end if "T" in end else f"{end}T235959"
        walls = [wall for wall in walls if f"{wall:%Y%m%dT%H%M%S}" <= last]
    found = sorted({shown_at(wall, zone, not_before=start) for wall in walls})
    if end.endswith("Z"):
        found = [instant for instant in found if f"{instant:%Y%m%dT%H%M%SZ}" <= end]
    return [instant for instant in found if instant <= until]


def reported(case: Case, *, made: datetime = BEGIN, until: datetime) -> list[datetime]:
    """When reports have to come of a rule that somebody sets at an instant."""
    return [instant for instant in model(case, until) if instant > made + _COUNTS_AS_MISSED]


@cache
def clock_changes(name: str) -> tuple[datetime, ...]:
    """When the clocks of a zone change in the two years to come."""
    zone, found = ZoneInfo(name), []
    first, last = BEGIN + timedelta(days=7), BEGIN + timedelta(days=2 * 366)
    for day in (first + timedelta(days=days) for days in range((last - first).days)):
        offset = _offset(day, zone)
        if offset != _offset(day + timedelta(days=1), zone):
            low, high = day, day + timedelta(days=1)
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            found.append(high)
    return tuple(found)


def crossings() -> tuple[Case, ...]:
    """In every zone, daily reports whose second one is at a time that clocks skip, and that they show twice."""
    return tuple(
        Case("FREQ=DAILY;COUNT=2", change - timedelta(days=1) + _into(change, ZoneInfo(zone)), zone)
        for zone in ZONES
        for change in clock_changes(zone)[:2]
    )


def _into(change: datetime, zone: ZoneInfo) -> timedelta:
    """From when clocks change to when, had they not, they would show a time that is skipped or comes twice."""
    is_gap = _offset(change, zone) > _offset(change - _HOUR, zone)
    return timedelta(minutes=20 if is_gap else -20)


@st.composite
def cases(draw: st.DrawFn, zone: str, most: int) -> Case:
    """A rule that leads to some reports, `most` or fewer, and starts some days before a change of clocks."""
    case = draw(_beginnings(zone).filter(lambda case: bool(_first_reports(case, 1))))
    found = _first_reports(case, most + 1)
    if len(found) <= most:
        return case
    endless = ";".join(part for part in case.rrule.split(";") if not part.startswith("COUNT="))
    return case._replace(rrule=f"{endless};{draw(_ends(case._replace(rrule=endless), found[:most]))}")


@st.composite
def _beginnings(draw: st.DrawFn, zone: str) -> Case:
    near = draw(st.sampled_from(clock_changes(zone) or (BEGIN + _HOUR,)))
    rule = draw(st.sampled_from(list(_DAYS)) | _RULES)
    days = _DAYS.get(rule.partition(";")[0], 1) * draw(st.integers(1, 2))
    start = near - timedelta(days=days, minutes=draw(st.integers(-60, 60) | st.integers(-150, 150)))
    if draw(st.booleans()):  # at a time that clocks may skip or show twice
        clock = start.astimezone(ZoneInfo(zone))
        parts = [part for part in rule.split(";") if not part.startswith(("BYHOUR=", "BYMINUTE="))]
        rule = ";".join([*parts, f"BYHOUR={clock.hour};BYMINUTE={clock.minute}"])
    return Case(rule, start, zone)


def _first_reports(case: Case, number: int) -> list[datetime]:
    """So many reports or more, if there are as many; frequent ones are not followed through all the years."""
    soon = reported(case, until=max(BEGIN, case.starts_at) + timedelta(days=100))
    return soon if len(soon) >= number else reported(case, until=END)


def _ends(case: Case, found: Sequence[datetime]) -> st.SearchStrategy[str]:
    """Ways to say that a rule ends with the last of some occurrences, or just before it."""
    last = found[-1]
    wall = last.astimezone(ZoneInfo(case.timezone_name))
    return st.sampled_from(
        [
            f"COUNT={len(model(case, last))}",
            f"UNTIL={last:%Y%m%dT%H%M%SZ}",
            f"UNTIL={last - timedelta(seconds=1):%Y%m%dT%H%M%SZ}",
            f"UNTIL={wall:%Y%m%dT%H%M%S}",
            f"UNTIL={wall - timedelta(days=1):%Y%m%d}",
        ]
    )


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
