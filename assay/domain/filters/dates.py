"""Dates in the text of a property, and the spans of time that filters name."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_DAY: Final = (
    "(?:190[1-9]|19[1-9][0-9]|2[01][0-9][0-9]|22[0-8][0-9]|229[0-8])"
    "-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
)
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
_ZONE: Final = "(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"

INSTANT: Final = f"{_DAY}(?:[T ]{_TIME}{_ZONE}?)?"
"""An ISO 8601 date, or date and time, of the years 1901 to 2298: what the engine's instants can hold.

Days that a month lacks are still to be refused.
"""

_INSTANT = re.compile(INSTANT)
_DAY_LENGTH: Final = len("2026-03-29")
_RELATIVE = re.compile("-?([0-9]{1,4})([hdwmy])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_MICROSECONDS: Final = timedelta(days=1) // _MICROSECOND
_MONTHS: Final = {"m": 1, "y": 12}
_STEPS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Span(NamedTuple):
    """A stretch of time in microseconds since 1970, its end excluded."""

    start: int
    end: int


class Ago(NamedTuple):
    """So many hours (`h`), days, weeks, months or years before now."""

    amount: int
    unit: str


@dataclass(frozen=True, slots=True)
class NamedDate:
    """The date in a filter.

    Attributes:
        moment: microseconds since 1970, or how long ago.
        whole_day: the UTC day around the moment is meant, not the moment.
    """

    moment: int | Ago
    whole_day: bool

    @classmethod
    def parse(cls, text: str, *, exact: bool) -> NamedDate | None:
        """Read a filter's value.

        A date alone means its whole day, a date and time that moment. A relative date means that moment
        before now, or the whole day around it if a property shall be *on* it.

        Args:
            exact: the filter asks for properties on the date, not before or after it.

        Returns:
            The date; None if the text is none.
        """
        relative = _RELATIVE.fullmatch(text)
        if relative is not None:
            return cls(Ago(int(relative[1]), relative[2]), whole_day=exact)
        instant = instant_of(text)
        return None if instant is None else cls(instant, whole_day=len(text) == _DAY_LENGTH)

    def span(self, now: datetime) -> Span:
        """The time meant, seen from `now`."""
        moment = self.moment
        if isinstance(moment, Ago):
            moment = _microseconds(_before(now.astimezone(UTC), moment))
        return span_of(moment, whole_day=self.whole_day)


def span_of(moment: int, *, whole_day: bool) -> Span:
    """A moment, in microseconds since 1970, or the UTC day around it."""
    if not whole_day:
        return Span(moment, moment + 1)
    start = moment - moment % _DAY_MICROSECONDS
    return Span(start, start + _DAY_MICROSECONDS)


def instant_of(text: str) -> int | None:
    """The instant that a text is, in microseconds since 1970; a text without a zone is in UTC.

    Digits of a second beyond the sixth are cut off.

    Returns:
        The instant; None if the text is none, or no day of the calendar.
    """
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _microseconds(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _before(now: datetime, ago: Ago) -> datetime:
    """The moment so long before `now`; the first moment of the calendar if it has none so early."""
    try:
        if ago.unit in _STEPS:
            return now - ago.amount * _STEPS[ago.unit]
        year, month = divmod(now.year * 12 + now.month - 1 - ago.amount * _MONTHS[ago.unit], 12)
        day = min(now.day, monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day)
    except (OverflowError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
