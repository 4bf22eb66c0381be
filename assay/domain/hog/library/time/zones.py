"""Time zones by their IANA names, and the way from a wall clock to a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from assay.domain.hog.errors import HogInputError, HogRuntimeError

_NOT_A_PLACE: Final = "Factory"
"""The name that the IANA database gives to a machine nobody has set up."""

_SHOWN: Final = 40


def time_zone(name: str) -> tzinfo:
    """The time zone with an IANA name, which is case-sensitive.

    The name is looked up in a list, never on the file system, so a path cannot pass for one.

    Raises:
        HogRuntimeError: there is no such zone.
    """
    if name == "UTC":
        return UTC
    if name not in _iana_names():
        raise HogRuntimeError(f"unknown time zone {excerpt(name)}")
    return ZoneInfo(name)


def at_wall(wall: datetime, zone: tzinfo, *, fold: int = 0) -> datetime:
    """The moment at which the clocks of a zone show a wall time.

    A time that the clocks skip is moved forward by the gap: 02:30 is 03:30 where 02:00 is followed by 03:00.

    Args:
        wall: without a zone.
        fold: 0 for the first, 1 for the second time that the clocks show it.

    Raises:
        HogInputError: the moment is beyond the years 1 to 9999, here or in UTC.
    """
    with bounded():
        local = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone)
        if local.replace(tzinfo=None) == wall:
            return local
        return wall.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment with the clocks of another zone.

    Raises:
        HogInputError: those clocks would show a year beyond 1 to 9999.
    """
    with bounded():
        return moment.astimezone(zone)


@contextmanager
def bounded() -> Iterator[None]:
    """Say it in Hog's words when Python cannot represent a date.

    Raises:
        HogInputError: the date is beyond the years 1 to 9999, or no number.
    """
    try:
        yield
    except (OverflowError, ValueError) as error:
        raise HogInputError("a date is beyond the years 1 to 9999") from error


def excerpt(text: str) -> str:
    """The beginning of a text, in quotes and in ASCII, for a message."""
    return ascii(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


@cache
def _iana_names() -> frozenset[str]:
    """All names of the IANA database, links such as `US/Eastern` included."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listed.split()) - {_NOT_A_PLACE}
