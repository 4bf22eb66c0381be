"""How reports word numbers and times, the same in messages, charts and pages."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TINY_P_VALUE: Final = 0.001
"""Below this, a p-value is not told apart from a smaller one."""

_LEAST_WRITTEN: Final = 0.05
"""Percentages below this are 0 with one digit after the point."""

_NOTHING: Final = 1e-9
"""What arithmetic may leave of 0 and add to 100."""


def percent(rate: float) -> str:
    """A percentage with at most one digit after the point: `92.5 %`, `92 %`.

    All and none are said of all and none only: what is closer to them than can be written is `> 99.9 %` or
    `< 0.1 %`.

    Args:
        rate: between 0 and 100.
    """
    if _NOTHING < rate < _LEAST_WRITTEN:
        return "< 0.1 %"
    if _NOTHING < 100 - rate <= _LEAST_WRITTEN:
        return "> 99.9 %"
    return f"{_short(rate)} %"


def p_value(value: float) -> str:
    """A p-value with three digits after the point: `p = 0.031`, `p < 0.001`."""
    return f"p < {TINY_P_VALUE}" if value < TINY_P_VALUE else f"p = {value:.3f}"


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
    """A period by the clocks of a zone: `6 Mar 2026 09:00 to 7 Mar 2026 09:00 (Europe/Berlin)`.

    The date is there once where both ends have the same (`7 Mar 2026 09:00 to 10:00`), and seconds are there
    where they matter: a period that begins at 09:00:20 does not hold what came at 09:00:10.
    """
    local_start, local_end = start.astimezone(zone), end.astimezone(zone)
    clock = "%H:%M:%S" if local_start.second or local_end.second else "%H:%M"
    until = f"{local_end:{clock}}"
    if local_start.date() != local_end.date():
        until = f"{day(local_end)} {until}"
    return f"{day(local_start)} {local_start:{clock}} to {until} ({zone})"


def zone_named(name: str) -> tzinfo:
    """The zone with an IANA name, or UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _short(value: float) -> str:
    """At most one digit after the point; an exact one is not written."""
    return f"{value:.1f}".removesuffix(".0")
