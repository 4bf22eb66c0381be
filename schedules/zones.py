"""Time zones by their IANA names, and the way from a wall clock to an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

_NOT_A_PLACE = "Factory"
"""The name that the IANA database gives to a machine nobody has set up."""


class WallTime(NamedTuple):
    """What a clock on the wall shows; which instant that is depends on the zone. Later ones are greater."""

    day: date
    clock: time


def time_zone(name: str) -> ZoneInfo:
    """The time zone with an IANA name, which is case-sensitive.

    The name is looked up in a list, never on the file system, so a path cannot pass for one.

    Raises:
        ValueError: there is no such zone; the text says so without repeating the name.
    """
    if name not in _iana_names():
        raise ValueError("Not the name of an IANA time zone, such as Europe/Berlin or UTC.")
    return ZoneInfo(name)


def wall_time(instant: datetime, zone: ZoneInfo) -> WallTime:
    """What the clocks of `zone` show at an aware instant."""
    local = instant.astimezone(zone)
    return WallTime(local.date(), local.time())


def instant_of(wall: WallTime, zone: ZoneInfo, *, not_before: datetime | None = None) -> datetime:
    """The instant, in UTC, at which the clocks of `zone` show `wall`.

    A time that the clocks skip is moved forward by the gap: 02:30 is 03:30 where 02:00 is followed by
    03:00. Of a time that they show twice it is the first instant, or the second if the first is before
    `not_before`.
    """
    local = datetime.combine(wall.day, wall.clock, zone)  # fold=0: the offset before the clocks change
    instant = local.astimezone(UTC)
    if not_before is not None and instant < not_before:
        return local.replace(fold=1).astimezone(UTC)
    return instant


@cache
def _iana_names() -> frozenset[str]:
    """All names of the IANA database, links such as `US/Eastern` included."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listed.split()) - {_NOT_A_PLACE}
