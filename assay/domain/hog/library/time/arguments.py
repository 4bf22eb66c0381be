"""How the functions of this package read their arguments; all name the function when they refuse one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

from assay.domain.hog.dates import parse_instant
from assay.domain.hog.errors import HogInputError, HogRuntimeError
from assay.domain.hog.library.time.arithmetic import Unit
from assay.domain.hog.library.time.zones import at_wall, excerpt, time_zone
from assay.domain.hog.values import Value, described

_LONGEST_UNIT: Final = max(map(len, Unit)) + 1


def read_moment(function: str, value: Value, zone: tzinfo = UTC) -> datetime:
    """A moment, from a moment, a day or a text.

    Args:
        function: for messages.
        zone: where a day begins, and of a text that does not say; a moment keeps its own.

    Returns:
        For a text it is in UTC, for a day in `zone`.

    Raises:
        HogInputError: the value is something else, or no such moment exists.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return at_wall(datetime.combine(value, time.min), zone)
    text = read_text(function, "a date", value)
    moment = parse_instant(text, zone)
    if moment is None:
        raise HogInputError(f"{function} cannot read {excerpt(text)} as a date")
    return moment


def read_day_or_moment(function: str, value: Value) -> date:
    """A day as it is; else a moment, as `read_moment` reads it.

    Raises:
        HogInputError: the value is something else.
    """
    if type(value) is date:
        return value
    return read_moment(function, value)


def read_number(function: str, value: Value) -> int | float:
    """A number.

    Raises:
        HogInputError: the value is something else.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise _needs(function, "a number", value)


def read_text(function: str, what: str, value: Value) -> str:
    """A text.

    Args:
        what: the text stands for, with an article.

    Raises:
        HogInputError: the value is something else.
    """
    if isinstance(value, str):
        return value
    raise _needs(function, what, value)


def read_zone(function: str, value: Value, default: tzinfo = UTC) -> tzinfo:
    """A time zone by its IANA name.

    Args:
        default: for null.

    Raises:
        HogInputError: the value is no text.
        HogRuntimeError: there is no such zone.
    """
    if value is None:
        return default
    return time_zone(read_text(function, "the name of a time zone", value))


def read_unit(function: str, value: Value) -> Unit:
    """A unit of time, in any case, singular or plural.

    Raises:
        HogInputError: the value is no text.
        HogRuntimeError: there is no such unit.
    """
    name = read_text(function, "a unit of time", value)
    try:
        return Unit(name[:_LONGEST_UNIT].lower().removesuffix("s"))
    except ValueError:
        known = ", ".join(Unit)
        raise HogRuntimeError(f"{function} knows no unit {excerpt(name)}, only {known}") from None


def _needs(function: str, what: str, value: Value) -> HogInputError:
    return HogInputError(f"{function} needs {what}, not {described(value)}")
