"""A slow and simple expansion of rules by dateutil, to compare with.

dateutil sees wall times labelled as UTC; what they mean in a zone is decided here. In two points it is not
followed: where BYSETPOS goes with FREQ=WEEKLY (see `wall_clock_rules`), and where BYWEEKNO names no days (see
`_with_days_of_weeks`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from unittest.mock import patch
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import strategies as st

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Antarctica/Troll",
    "Atlantic/Azores",
)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

instants = st.datetimes(
    min_value=datetime(2005, 1, 1),  # noqa: DTZ001 - hypothesis wants the bounds without a zone
    max_value=datetime(2014, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda instant: instant.replace(microsecond=0))
zones = st.sampled_from(ZONES)


def _some(values: list[int], most: int = 4) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)
    return chosen.map(lambda found: ",".join(map(str, found)))


def _signed(greatest: int) -> list[int]:
    return [*range(-greatest, 0), *range(1, greatest + 1)]


def _weekdays(*, ordinals: list[int]) -> st.SearchStrategy[str]:
    """Weekdays, all with an ordinal or none: dateutil reads a mixture as an intersection."""
    plain = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True)
    if not ordinals:
        return plain.map(",".join)
    numbered = st.lists(
        st.tuples(st.sampled_from(ordinals), st.sampled_from(WEEKDAYS)), min_size=1, max_size=3
    ).map(lambda found: ",".join(f"{ordinal}{day}" for ordinal, day in found))
    return plain.map(",".join) | numbered


_MONTHS = _some(list(range(1, 13)))
_HOURS = _some(list(range(24)))
_MONTH_DAYS = _some(_signed(31))
_PARTS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "YEARLY": {
        "BYMONTH": _MONTHS,
        "BYMONTHDAY": _MONTH_DAYS,
        "BYYEARDAY": _some(_signed(366)),
        "BYDAY": _weekdays(ordinals=[-3, -1, 1, 2, 5]),
    },
    "MONTHLY": {
        "BYMONTH": _MONTHS,
        "BYMONTHDAY": _MONTH_DAYS,
        "BYDAY": _weekdays(ordinals=[-2, -1, 1, 3, 5]),
    },
    "WEEKLY": {"BYMONTH": _MONTHS, "BYDAY": _weekdays(ordinals=[])},
    "DAILY": {"BYMONTH": _MONTHS, "BYMONTHDAY": _MONTH_DAYS, "BYDAY": _weekdays(ordinals=[])},
}


@st.composite
def wall_clock_rules(draw: st.DrawFn) -> str:
    """A rule of DAILY or longer."""
    frequency = draw(st.sampled_from(sorted(_PARTS)))
    parts = {"FREQ": frequency} | draw(
        st.fixed_dictionaries({}, optional=_PARTS[frequency] | {"BYHOUR": _HOURS})
    )
    by_day_only = {"BYMONTHDAY", "BYYEARDAY", "BYDAY"}.isdisjoint(parts)
    if frequency == "YEARLY" and by_day_only and "BYMONTH" not in parts and draw(st.booleans()):
        parts["BYWEEKNO"] = draw(_some([-1, *range(1, 52)]))
    if draw(st.booleans()):
        parts["BYMINUTE"] = str(draw(st.integers(0, 59)))
    if len(parts) > 1 and frequency != "WEEKLY" and draw(st.booleans()):
        # not with WEEKLY: dateutil takes the first week to begin at the start, the RFC at the week's first day
        parts["BYSETPOS"] = draw(_some([-2, -1, 1, 2, 3], 2))
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(1, 5)))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 60)))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    return ";".join(f"{name}={value}" for name, value in parts.items())


def occurrences(rule: str, start: datetime, zone: str, *, until: datetime) -> list[datetime]:
    """Every occurrence of a wall clock rule up to an instant, in order, each once."""
    tz = ZoneInfo(zone)
    wall_start = start.astimezone(tz).replace(tzinfo=UTC, fold=0)
    last_wall = until + timedelta(days=2)
    with patch("datetime.MAXYEAR", last_wall.year + 1):  # where dateutil gives up on a rule that never fires
        expanded = rrulestr(_with_days_of_weeks(rule, wall_start), dtstart=wall_start)
        walls = takewhile(lambda wall: wall <= last_wall, expanded)
        found = {_resolved(wall, tz, start) for wall in walls}
    return sorted(instant for instant in found if instant <= until)


def _with_days_of_weeks(rule: str, wall_start: datetime) -> str:
    """A rule that names weeks without days, with the weekday of its start.

    RFC 5545 takes from the start whatever the rule leaves open (section 3.3.10); dateutil takes all seven
    days of such weeks.
    """
    names = {part.partition("=")[0] for part in rule.split(";")}
    if "BYWEEKNO" not in names or names & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}:
        return rule
    return f"{rule};BYDAY={WEEKDAYS[wall_start.weekday()]}"


def _resolved(wall: datetime, tz: ZoneInfo, start: datetime) -> datetime:
    first, second = (wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if first < start else first
