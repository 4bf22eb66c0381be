"""Calculating with days and moments.

Days and longer units are counted on the calendar of a moment's zone, so a day later the clocks show the same
time; hours and shorter ones are counted as they pass.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from assay.domain.hog.dates import instant
from assay.domain.hog.errors import HogInputError
from assay.domain.hog.library.time.zones import at_wall, bounded, in_zone


class Unit(StrEnum):
    """A unit of time."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_LENGTHS: Final = {
    Unit.SECOND: timedelta(seconds=1),
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
    Unit.WEEK: timedelta(weeks=1),
}
_MONTHS: Final = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
_OF_THE_CLOCK: Final = frozenset({Unit.SECOND, Unit.MINUTE, Unit.HOUR})


def moved(value: date, amount: float, unit: Unit) -> date:
    """A day or moment so many units later; earlier if they are negative.

    The 31st becomes the last day of a shorter month.

    Returns:
        A day for a day and a unit of the calendar; else a moment.

    Raises:
        HogInputError: the result is beyond the years 1 to 9999, or a unit of the calendar is not whole.
    """
    if unit in _OF_THE_CLOCK:
        zone = value.tzinfo if isinstance(value, datetime) else None
        with bounded():
            later = instant(value) + _LENGTHS[unit] * amount
        return in_zone(later, zone or UTC)
    day = _moved_day(value, _whole(amount, unit), unit)
    if not isinstance(value, datetime):
        return day
    wall = datetime.combine(day, value.time())
    return at_wall(wall, value.tzinfo or UTC, fold=value.fold)


def _whole(amount: float, unit: Unit) -> int:
    """An amount as an integer.

    Raises:
        HogInputError: it has a fraction, or is no number.
    """
    if isinstance(amount, float) and not amount.is_integer():
        raise HogInputError(f"a date can only be moved by whole {unit}s, not by {amount!r}")
    return int(amount)


def _moved_day(value: date, amount: int, unit: Unit) -> date:
    """The day that is so many days, weeks, months, quarters or years after that of `value`.

    Raises:
        HogInputError: it is beyond the years 1 to 9999.
    """
    with bounded():
        if unit not in _MONTHS:
            return date.fromordinal(value.toordinal() + amount * _LENGTHS[unit].days)
        year, month = divmod(_months(value) + amount * _MONTHS[unit], 12)
        first = date(year, month + 1, 1)
    return first.replace(day=min(value.day, monthrange(first.year, first.month)[1]))


def _months(value: date) -> int:
    """Months from the year 0."""
    return value.year * 12 + value.month - 1


def difference(start: date, end: date, unit: Unit) -> int:
    """How many units lie between two days or moments; negative if `end` is earlier.

    Months, quarters and years are counted by how often a new one began: from 31 January to 1 February it is
    one month. Weeks and shorter units are counted as they pass, rounded down: to half an hour earlier
    it is -1 hour.
    """
    if unit in _MONTHS:
        return _months(end) // _MONTHS[unit] - _months(start) // _MONTHS[unit]
    return (instant(end) - instant(start)) // _LENGTHS[unit]


def start_of(value: datetime, unit: Unit, *, sunday_first: bool = False) -> datetime:
    """When the unit began that a moment is in, by the clocks of its zone.

    Args:
        sunday_first: weeks begin on Sundays instead of Mondays.

    Raises:
        HogInputError: it began before the year 1.
    """
    wall = value.replace(tzinfo=None, microsecond=0)
    if unit in _OF_THE_CLOCK:
        if unit is not Unit.SECOND:
            wall = wall.replace(second=0)
        if unit is Unit.HOUR:
            wall = wall.replace(minute=0)
        return at_wall(wall, value.tzinfo or UTC, fold=value.fold)
    day = _start_of_week(value, sunday_first=sunday_first) if unit is Unit.WEEK else _first_day(value, unit)
    return at_wall(datetime.combine(day, time.min), value.tzinfo or UTC)


def _start_of_week(value: date, *, sunday_first: bool) -> date:
    with bounded():
        return date.fromordinal(
            value.toordinal() - (value.isoweekday() % 7 if sunday_first else value.weekday())
        )


def _first_day(value: date, unit: Unit) -> date:
    """The first day of the month, quarter or year that `value` is in; for a day it is itself."""
    if unit is Unit.DAY:
        return date(value.year, value.month, value.day)
    months = _MONTHS[unit]
    return date(value.year, (value.month - 1) // months * months + 1, 1)
