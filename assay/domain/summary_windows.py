"""Which hour is summarised next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

HOUR: Final = timedelta(hours=1)

LAG: Final = timedelta(minutes=30)
"""An hour is summarised when it has been over for so long: events arrive late."""

MOST_WINDOWS: Final = 24
"""After an outage so many hours are made up for; older ones are passed over."""


class Window(NamedTuple):
    """An hour.

    Attributes:
        since, until: half-open, at full hours UTC.
        passed_over: hours before it that were too long ago.
    """

    since: datetime
    until: datetime
    passed_over: int


def first_mark(now: datetime) -> datetime:
    """Where to begin when nothing was ever done: with the last hour that is over.

    Args:
        now: aware, UTC.
    """
    return _end(now) - HOUR


def next_window(mark: datetime, now: datetime) -> Window | None:
    """The next hour to work off; None if there is none yet.

    Args:
        mark: everything before it is done; a full hour.
        now: aware, UTC.
    """
    end = _end(now)
    passed_over = max(0, (end - mark) // HOUR - MOST_WINDOWS)
    since = mark + passed_over * HOUR
    if since + HOUR > end:
        return None
    return Window(since, since + HOUR, passed_over)


def _end(now: datetime) -> datetime:
    """Of the last hour that is over."""
    return (now - LAG).replace(minute=0, second=0, microsecond=0)
