"""From and to dates: the clock, texts, numbers, zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from assay.domain.hog.dates import instant, parse_instant
from assay.domain.hog.errors import HogInputError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.library.time.arguments import read_moment, read_number, read_text, read_zone
from assay.domain.hog.library.time.formatting import MAX_GROWTH, formatted
from assay.domain.hog.library.time.zones import bounded, in_zone
from assay.domain.hog.limits import MAX_PATTERN
from assay.domain.hog.values import Value

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)


@function("now", 0, 1, scalar=True)
def now(machine: Machine, zone: Value = None) -> Value:
    """The moment that the program takes for now, in UTC or a zone."""
    return in_zone(machine.now(), read_zone("now", zone))


@function("today", 0, scalar=True)
def today(machine: Machine) -> Value:
    """The day that `now` is in, in UTC."""
    return machine.now().date()


@function("toDate", 1, scalar=True)
def to_date(machine: Machine, value: Value) -> Value:
    """The day of a moment by its own clocks, as a text has it written, or of seconds from 1970 in UTC.

    Null for a text that is no date.
    """
    if value is None or type(value) is date:
        return value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        return date.fromisoformat(value.strip()[:10]) if parse_instant(value) else None
    return _from_epoch("toDate", value, _SECOND).date()


@function("toDateTime", 1, 2, scalar=True)
def to_datetime(machine: Machine, value: Value, zone: Value = None) -> Value:
    """A moment from a text, a day, a moment or seconds from 1970; in UTC unless there is a zone.

    The zone also says where a day begins, and what a text means that does not say. Null for a text that is no
    date.
    """
    if value is None:
        return None
    place = read_zone("toDateTime", zone)
    if isinstance(value, str):
        moment = parse_instant(value, place)
        return in_zone(moment, place) if moment else None
    if isinstance(value, date):
        return in_zone(read_moment("toDateTime", value, place), place)
    return in_zone(_from_epoch("toDateTime", value, _SECOND), place)


@function("toTimeZone", 2, scalar=True)
def to_time_zone(machine: Machine, value: Value, zone: Value) -> Value:
    """The same moment with the clocks of another zone."""
    if value is None or zone is None:
        return None
    return in_zone(read_moment("toTimeZone", value), read_zone("toTimeZone", zone))


@function("fromUnixTimestamp", 1, scalar=True)
def from_unix_timestamp(machine: Machine, seconds: Value) -> Value:
    """The moment so many seconds after 1970 began, in UTC."""
    return None if seconds is None else _from_epoch("fromUnixTimestamp", seconds, _SECOND)


@function("fromUnixTimestampMilli", 1, scalar=True)
def from_unix_timestamp_milli(machine: Machine, milliseconds: Value) -> Value:
    """The moment so many milliseconds after 1970 began, in UTC."""
    return None if milliseconds is None else _from_epoch("fromUnixTimestampMilli", milliseconds, _MILLISECOND)


def _from_epoch(name: str, value: Value, unit: timedelta) -> datetime:
    """The moment so many units after 1970 began.

    Raises:
        HogInputError: the value is no number, or too large.
    """
    number = read_number(name, value)
    with bounded():
        return _EPOCH + unit * number


@function("toUnixTimestamp", 1, 2, scalar=True)
def to_unix_timestamp(machine: Machine, value: Value, zone: Value = None) -> Value:
    """Seconds from 1970: an integer, unless the moment has a fraction of one.

    The zone says where a day begins, and what a text means that does not say.
    """
    if value is None:
        return None
    passed = _since_epoch("toUnixTimestamp", value, zone)
    return passed.total_seconds() if passed.microseconds else passed // _SECOND


@function("toUnixTimestampMilli", 1, 2, scalar=True)
def to_unix_timestamp_milli(machine: Machine, value: Value, zone: Value = None) -> Value:
    """Milliseconds from 1970, an integer; the zone as in `toUnixTimestamp`."""
    if value is None:
        return None
    return _since_epoch("toUnixTimestampMilli", value, zone) // _MILLISECOND


def _since_epoch(name: str, value: Value, zone: Value) -> timedelta:
    return instant(read_moment(name, value, read_zone(name, zone))) - _EPOCH


@function("formatDateTime", 2, 3, scalar=True)
def format_datetime(machine: Machine, value: Value, pattern: Value, zone: Value = None) -> Value:
    """A moment in a pattern, by its own clocks or those of a zone."""
    if value is None:
        return None
    template = read_text("formatDateTime", "a pattern", pattern)
    moment = read_moment("formatDateTime", value)
    local = in_zone(moment, read_zone("formatDateTime", zone, moment.tzinfo or UTC))
    if len(template) > MAX_PATTERN:
        raise HogInputError(f"formatDateTime needs a pattern of at most {MAX_PATTERN:,} characters")
    machine.budget.spend(len(template))
    machine.budget.text(len(template) * MAX_GROWTH)
    return formatted(local, template)
