"""Tests of values, and conversions between their types."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Final

from assay.domain.hog.dates import date_text, seconds_of
from assay.domain.hog.errors import HogRuntimeError
from assay.domain.hog.library.registry import Machine, function
from assay.domain.hog.library.time.arguments import read_zone
from assay.domain.hog.library.time.zones import in_zone
from assay.domain.hog.limits import MAX_INTEGER_BITS
from assay.domain.hog.printing import text_of
from assay.domain.hog.values import Value, number_in, type_name

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
_LONGEST_INTEGER: Final = 400
"""Code points of a text that may be an integer, spaces and zeros around it included."""

_SECONDS_PER_DAY: Final = 86_400


@function("empty", 1, scalar=True)
def empty(machine: Machine, value: Value) -> bool:
    """Whether a value is null, or a text, list, tuple or dictionary with nothing in it; 0 is not."""
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


@function("notEmpty", 1, scalar=True)
def not_empty(machine: Machine, value: Value) -> bool:
    """Whether `empty` is false."""
    return not empty(machine, value)


@function("isNull", 1, scalar=True)
def is_null(machine: Machine, value: Value) -> bool:
    """Whether a value is null."""
    return value is None


@function("isNotNull", 1, scalar=True)
def is_not_null(machine: Machine, value: Value) -> bool:
    """Whether a value is not null."""
    return value is not None


@function("ifNull", 2)
def if_null(machine: Machine, value: Value, otherwise: Value) -> Value:
    """A value, or another in place of null."""
    return otherwise if value is None else value


@function("coalesce", 1, None)
def coalesce(machine: Machine, *values: Value) -> Value:
    """The first value that is not null; null if there is none."""
    return next((value for value in values if value is not None), None)


@function("assumeNotNull", 1)
def assume_not_null(machine: Machine, value: Value) -> Value:
    """A value that must not be null.

    Raises:
        HogRuntimeError: it is.
    """
    if value is None:
        raise HogRuntimeError("assumeNotNull met null")
    return value


@function("typeof", 1, scalar=True)
def typeof(machine: Machine, value: Value) -> str:
    """The name of a value's type, such as `integer`, `string` and `array`."""
    return type_name(value)


@function("toString", 1, 2, scalar=True)
def to_string(machine: Machine, value: Value, zone: Value = None) -> str:
    """A value as text: dates as ISO 8601, everything else as it is printed.

    Args:
        zone: whose clocks a moment is shown by, in place of its own.

    Raises:
        HogRuntimeError: there is no such zone.
    """
    if isinstance(value, datetime) and zone is not None:
        value = in_zone(value, read_zone("toString", zone))
    return _in_words(machine, value)


@function("toUUID", 1, scalar=True)
def to_uuid(machine: Machine, value: Value) -> str:
    """A value as text: there is no type for UUIDs."""
    return _in_words(machine, value)


def _in_words(machine: Machine, value: Value) -> str:
    return date_text(value) if isinstance(value, date) else text_of(machine.budget, value)


@function("toInt", 1, scalar=True)
def to_int(machine: Machine, value: Value) -> int | None:
    """A value as an integer, as `integer_of` reads it."""
    return integer_of(value)


def integer_of(value: Value) -> int | None:
    """An integer: of a number what is before the point, of a boolean 0 or 1, of a text the number it spells.

    A day gives the days since 1970, a moment the seconds. Everything else gives null, and so does what has
    more than `MAX_INTEGER_BITS` bits.
    """
    number: int | None = None
    match value:
        case str():
            number = _integer_in(value)
        case int():
            number = int(value)
        case float():
            number = int(value) if math.isfinite(value) else None
        case date():
            number = int(_elapsed(value))
    return number if number is None or number.bit_length() <= MAX_INTEGER_BITS else None


@function("toFloat", 1, scalar=True)
def to_float(machine: Machine, value: Value) -> float | None:
    """A value as a float, as `float_of` reads it."""
    return float_of(value)


def float_of(value: Value) -> float | None:
    """A float: of a number, a boolean (0 or 1) or a text that spells one.

    A day gives the days since 1970, a moment the seconds. Everything else gives null.
    """
    match value:
        case str():
            return number_in(value)
        case int() | float():
            return float(value)
        case date():
            return float(_elapsed(value))
    return None


def _integer_in(text: str) -> int | None:
    return int(text) if len(text) <= _LONGEST_INTEGER and _INTEGER.fullmatch(text) else None


def _elapsed(value: date) -> float:
    seconds = seconds_of(value)
    return seconds if isinstance(value, datetime) else seconds / _SECONDS_PER_DAY
