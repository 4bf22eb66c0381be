"""Parts of dates, sums and differences, starts of units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from assay.domain.hog.errors import HogRuntimeError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.library.time.arguments import (
    read_day_or_moment,
    read_moment,
    read_number,
    read_unit,
    read_zone,
)
from assay.domain.hog.library.time.arithmetic import Unit, difference, moved, start_of
from assay.domain.hog.library.time.zones import in_zone
from assay.domain.hog.values import Value

_PARTS: Final[dict[Unit, Callable[[datetime], int]]] = {
    Unit.YEAR: lambda value: value.year,
    Unit.QUARTER: lambda value: (value.month + 2) // 3,
    Unit.MONTH: lambda value: value.month,
    Unit.WEEK: lambda value: value.isocalendar().week,
    Unit.DAY: lambda value: value.day,
    Unit.HOUR: lambda value: value.hour,
    Unit.MINUTE: lambda value: value.minute,
    Unit.SECOND: lambda value: value.second,
}


@function("extract", 2, scalar=True)
def extract(machine: Machine, part: Value, value: Value) -> Value:
    """A part of a date as a number; weeks are those of ISO 8601."""
    unit = read_unit("extract", part)
    return None if value is None else _PARTS[unit](read_moment("extract", value))


@function("toYear", 1, scalar=True)
def to_year(machine: Machine, value: Value) -> Value:
    """The year of a date."""
    return None if value is None else read_moment("toYear", value).year


@function("toMonth", 1, scalar=True)
def to_month(machine: Machine, value: Value) -> Value:
    """The month of a date, from 1."""
    return None if value is None else read_moment("toMonth", value).month


@function("toYYYYMM", 1, scalar=True)
def to_yyyymm(machine: Machine, value: Value) -> Value:
    """Year and month of a date in one number: 202405."""
    if value is None:
        return None
    moment = read_moment("toYYYYMM", value)
    return moment.year * 100 + moment.month


@function("dateAdd", 3, scalar=True)
def date_add(machine: Machine, unit: Value, amount: Value, value: Value) -> Value:
    """A date so many units later."""
    return _added("dateAdd", read_unit("dateAdd", unit), amount, value)


@function("addDays", 2, scalar=True)
def add_days(machine: Machine, value: Value, days: Value) -> Value:
    """A date so many days later."""
    return _added("addDays", Unit.DAY, days, value)


def _added(name: str, unit: Unit, amount: Value, value: Value) -> Value:
    if amount is None or value is None:
        return None
    return moved(read_day_or_moment(name, value), read_number(name, amount), unit)


@function("dateDiff", 3, scalar=True)
def date_diff(machine: Machine, unit: Value, start: Value, end: Value) -> Value:
    """How many units lie between two dates."""
    counted = read_unit("dateDiff", unit)
    if start is None or end is None:
        return None
    return difference(read_moment("dateDiff", start), read_moment("dateDiff", end), counted)


@function("dateTrunc", 2, 3, scalar=True)
def date_trunc(machine: Machine, unit: Value, value: Value, zone: Value = None) -> Value:
    """When the unit began that a date is in, by its own clocks or those of a zone; weeks begin on Mondays."""
    return _truncated("dateTrunc", read_unit("dateTrunc", unit), value, zone)


@function("toStartOfHour", 1, scalar=True)
def to_start_of_hour(machine: Machine, value: Value) -> Value:
    """When the hour of a date began."""
    return _truncated("toStartOfHour", Unit.HOUR, value)


@function("toStartOfDay", 1, 2, scalar=True)
def to_start_of_day(machine: Machine, value: Value, zone: Value = None) -> Value:
    """When the day of a date began, by its own clocks or those of a zone."""
    return _truncated("toStartOfDay", Unit.DAY, value, zone)


@function("toStartOfMonth", 1, scalar=True)
def to_start_of_month(machine: Machine, value: Value) -> Value:
    """When the month of a date began."""
    return _truncated("toStartOfMonth", Unit.MONTH, value)


def _truncated(name: str, unit: Unit, value: Value, zone: Value = None) -> Value:
    if value is None:
        return None
    if zone is None:
        return start_of(read_moment(name, value), unit)
    place = read_zone(name, zone)
    return start_of(in_zone(read_moment(name, value, place), place), unit)


@function("toStartOfWeek", 1, 2, scalar=True)
def to_start_of_week(machine: Machine, value: Value, mode: Value = None) -> Value:
    """When the week of a date began: on Monday, or as ClickHouse's modes 0 to 9 say.

    Even modes stand for Sunday and odd ones for Monday. ClickHouse takes 0 where none is given; PostHog's Hog
    takes Monday, and so does this.
    """
    sunday_first = mode is not None and _is_sunday_mode(mode)
    if value is None:
        return None
    return start_of(read_moment("toStartOfWeek", value), Unit.WEEK, sunday_first=sunday_first)


def _is_sunday_mode(mode: Value) -> bool:
    """Whether weeks begin on Sundays in a mode.

    Raises:
        HogInputError: the mode is no number.
        HogRuntimeError: there is no such mode.
    """
    number = read_number("toStartOfWeek", mode)
    if number not in range(10):
        raise HogRuntimeError("toStartOfWeek knows the modes 0 to 9 only")
    return number % 2 == 0
