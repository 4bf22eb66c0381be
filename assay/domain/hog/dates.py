"""Dates and times as values: how their text is read, and what is shown of them.

A moment is an aware `datetime`; its zone, UTC or one of the IANA database, only decides what clocks show.
A day is a `date`; where a moment is needed it counts as its midnight in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_LONGEST: Final = 100
"""Code points of a text that may be a date, spaces around it included; looking at longer ones is a waste."""

_HOURS: Final = "(?:[01][0-9]|2[0-3])"
_SIXTIETHS: Final = "[0-5][0-9]"
_DATE: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    rf"(?:[Tt ](?P<clock>{_HOURS}:{_SIXTIETHS}(?::{_SIXTIETHS})?)"
    rf"(?:(?<=:[0-9]{{2}}:[0-9]{{2}})[.,](?P<fraction>[0-9]{{1,9}}))?"
    rf"(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>{_HOURS})(?::?(?P<minutes>{_SIXTIETHS}))?)?)?"
)


def parse_instant(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment that a text names, in UTC.

    A text is `YYYY-MM-DD`; perhaps a space or `T` and a time `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`; then
    perhaps `Z` or an offset (`+02`, `+0200`, `+02:00`). What is finer than a millisecond is cut off.
    Nothing else is a date: neither `20240501` nor `2024-05` nor `12:30`.

    Args:
        zone: of a text that does not say. A time that its clocks skip is moved forward by the gap; of one
            that they show twice it is the first.

    Returns:
        None if the text names no moment of the years 1 to 9999.
    """
    match = _DATE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
        clock = time.fromisoformat(match["clock"] or "00:00")
        clock = clock.replace(microsecond=int((match["fraction"] or "")[:3].ljust(3, "0")) * 1000)
        return datetime.combine(day, clock, _offset(match) or zone).astimezone(UTC)
    except (ValueError, OverflowError):  # 30 February, the year 0, hours before the year 1
        return None


def _offset(match: re.Match[str]) -> tzinfo | None:
    """The zone that a text asks for; None if it does not."""
    if match["utc"]:
        return UTC
    if not match["sign"]:
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(-offset if match["sign"] == "-" else offset)


def instant(value: date) -> datetime:
    """The moment in UTC that a day or moment stands for: what comparisons are made by.

    Python's own operators compare what the clocks show if two moments have the same zone, which is wrong
    where clocks are set back.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def seconds_of(value: date) -> float:
    """Seconds from 1970 (UTC) to a day or moment."""
    return instant(value).timestamp()


def zone_name(value: datetime) -> str:
    """The name of a moment's zone: `UTC`, `Europe/Berlin`."""
    zone = value.tzinfo
    return zone.key if isinstance(zone, ZoneInfo) else str(zone)


def date_text(value: date) -> str:
    """What `toString` gives: `2025-02-07`, `2025-02-07T10:00:00.000Z`, `2025-02-07T11:00:00.000+01:00`."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is UTC:
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return value.isoformat(timespec="milliseconds")


def printed_date(value: date) -> str:
    """What `print` shows: `Date(2025, 2, 7)`, `DateTime(1700000000.0, 'UTC')` with seconds from 1970."""
    if isinstance(value, datetime):
        return f"DateTime({seconds_of(value)!r}, '{zone_name(value)}')"
    return f"Date({value.year}, {value.month}, {value.day})"
