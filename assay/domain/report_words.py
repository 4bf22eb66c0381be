"""How reports word numbers and times, the same in messages, charts and pages."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def percent(rate: float) -> str:
    """A percentage with at most one digit after the point: `92.5 %`, `92 %`.

    Args:
        rate: between 0 and 100.
    """
    return f"{_short(rate)} %"


def points(difference: float) -> str:
    """A difference of percentages: `▲ 2.5 pp`, `▼ 2.5 pp`, `± 0 pp`."""
    shown = _short(abs(difference))
    sign = "±" if shown == "0" else "▲" if difference > 0 else "▼"
    return f"{sign} {shown} pp"


def number(count: int) -> str:
    """A count with separators: `12,345`."""
    return f"{count:,}"


def day(moment: datetime) -> str:
    """A date: `7 Mar 2026`."""
    return f"{moment.day} {moment:%b %Y}"


def day_and_time(moment: datetime) -> str:
    """A date and the time of day: `7 Mar 2026 09:00`."""
    return f"{day(moment)} {moment:%H:%M}"


def period(start: datetime, end: datetime, zone: tzinfo) -> str:
    """A period by the clocks of a zone: `6 Mar 2026 09:00 to 7 Mar 2026 09:00 (Europe/Berlin)`."""
    local_start, local_end = start.astimezone(zone), end.astimezone(zone)
    return f"{day_and_time(local_start)} to {day_and_time(local_end)} ({zone})"


def zone_named(name: str) -> tzinfo:
    """The zone with an IANA name, or UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _short(value: float) -> str:
    """At most one digit after the point; an exact one is not written."""
    return f"{value:.1f}".removesuffix(".0")
