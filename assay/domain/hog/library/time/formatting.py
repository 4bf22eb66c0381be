"""Dates in the patterns of ClickHouse's `formatDateTime`: `%Y-%m-%d %H:%i:%S`.

Names are English, whatever the locale of the process. `%C` gives the year's last two digits, as in PostHog,
not the century.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from assay.domain.hog.errors import HogRuntimeError

MAX_GROWTH: Final = 5
"""A code takes two characters and stands for ten at most: `%F`."""

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_CODE: Final = re.compile("%(.?)")


def formatted(value: datetime, pattern: str) -> str:
    """What the clocks of a moment's zone show, in a pattern; the caller has charged for the text.

    Raises:
        HogRuntimeError: the pattern has an unknown code.
    """

    def text(match: re.Match[str]) -> str:
        code = _CODES.get(match[1])
        if code is None:
            raise HogRuntimeError(f"formatDateTime knows no code {match[0]!a}; a percent sign is %%")
        return code(value)

    return _CODE.sub(text, pattern)


def _hour(value: datetime) -> str:
    return f"{value.hour % 12 or 12:02}"


def _half(value: datetime) -> str:
    return "AM" if value.hour < 12 else "PM"


def _offset(value: datetime) -> str:
    minutes = int((value.utcoffset() or timedelta(0)).total_seconds() / 60)
    hours, minutes_left = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{minutes_left:02}"


_CODES: Final[dict[str, Callable[[datetime], str]]] = {
    "%": lambda _: "%",
    "n": lambda _: "\n",
    "t": lambda _: "\t",
    # years; G and g count by the weeks of ISO 8601
    "Y": lambda value: f"{value.year:04}",
    "y": lambda value: f"{value.year % 100:02}",
    "C": lambda value: f"{value.year % 100:02}",
    "G": lambda value: f"{value.isocalendar().year:04}",
    "g": lambda value: f"{value.isocalendar().year % 100:02}",
    "Q": lambda value: str((value.month + 2) // 3),
    # months and weeks
    "m": lambda value: f"{value.month:02}",
    "c": lambda value: f"{value.month:02}",
    "M": lambda value: _MONTHS[value.month - 1],
    "b": lambda value: _MONTHS[value.month - 1][:3],
    "V": lambda value: f"{value.isocalendar().week:02}",
    # days; Sunday is 7 for u and 0 for w
    "d": lambda value: f"{value.day:02}",
    "e": lambda value: str(value.day),
    "j": lambda value: f"{value.timetuple().tm_yday:03}",
    "W": lambda value: _WEEKDAYS[value.weekday()],
    "a": lambda value: _WEEKDAYS[value.weekday()][:3],
    "u": lambda value: str(value.isoweekday()),
    "w": lambda value: str(value.isoweekday() % 7),
    # clocks
    "H": lambda value: f"{value.hour:02}",
    "k": lambda value: f"{value.hour:02}",
    "h": _hour,
    "I": _hour,
    "l": _hour,
    "p": _half,
    "i": lambda value: f"{value.minute:02}",
    "S": lambda value: f"{value.second:02}",
    "s": lambda value: f"{value.second:02}",
    "f": lambda value: f"{value.microsecond:06}",
    "z": _offset,
    # several at once
    "D": lambda value: f"{value.month:02}/{value.day:02}/{value.year % 100:02}",
    "F": lambda value: f"{value.year:04}-{value.month:02}-{value.day:02}",
    "R": lambda value: f"{value.hour:02}:{value.minute:02}",
    "T": lambda value: f"{value.hour:02}:{value.minute:02}:{value.second:02}",
    "r": lambda value: f"{_hour(value)}:{value.minute:02} {_half(value)}",
}
