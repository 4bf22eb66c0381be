"""Operators' cron settings: what is accepted, and what it is in the words of Temporal Schedules.

The five fields of cron, in UTC, with its own rule for days: where both the day of the month and the day of
the week are restricted, either is enough. Temporal's reading of a cron text wants both, so it is not given
the text but the calendars that it means.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from croniter import croniter
from croniter.croniter import CroniterError
from temporalio.client import ScheduleCalendarSpec, ScheduleRange

_FIELDS: Final = 5
_EVERY: Final = "*"
_RANDOM: Final = frozenset("hr")
"""Letters that stand for a value drawn at random, in croniter's own extension."""

_MINUTES, _HOURS = (0, 59), (0, 23)
_MONTH_DAYS, _MONTHS, _WEEKDAYS = (1, 31), (1, 12), (0, 6)
_SOMETIME = datetime(2026, 1, 1, tzinfo=UTC)
"""From here on an occurrence is looked for, by croniter for at most 50 years."""


def calendars(text: str) -> tuple[ScheduleCalendarSpec, ...]:
    """The calendars that a cron text means; an instant in any of them is an occurrence.

    Args:
        text: five fields (minute, hour, day of the month, month, day of the week; 0 and 7 are Sunday).

    Raises:
        ValueError: the text is not valid, or never fires; says so in a sentence.
    """
    minutes, hours, month_days, months, weekdays = _expanded(text)

    def calendar(days: list[int | str], of_week: list[int | str]) -> ScheduleCalendarSpec:
        return ScheduleCalendarSpec(
            minute=_ranges(minutes, _MINUTES),
            hour=_ranges(hours, _HOURS),
            day_of_month=_ranges(days, _MONTH_DAYS),
            month=_ranges(months, _MONTHS),
            day_of_week=_ranges(of_week, _WEEKDAYS),
        )

    if month_days == [_EVERY] or weekdays == [_EVERY]:
        return (calendar(month_days, weekdays),)
    return calendar(month_days, [_EVERY]), calendar([_EVERY], weekdays)


def check_cron(text: str) -> str:
    """The text itself, if it is valid.

    Raises:
        ValueError: it is not; see `calendars`.
    """
    calendars(text)
    return text


def _expanded(text: str) -> list[list[int | str]]:
    fields = text.lower().split()
    if len(fields) != _FIELDS:
        raise ValueError("a cron text has five fields: minute, hour, day, month, day of the week")
    if any(field[0] in _RANDOM for field in fields):
        raise ValueError("random values are not accepted: a Schedule is the same for all processes")
    try:
        expanded, numbered = croniter.expand(" ".join(fields))
        croniter(" ".join(fields), _SOMETIME).get_next(datetime)
    except CroniterError as error:
        raise ValueError(f"not a cron text that ever fires: {error}") from error
    if numbered or any(isinstance(value, str) and value != _EVERY for field in expanded for value in field):
        raise ValueError("last days (L) and numbered weekdays (#) are not accepted")
    return [list(field) for field in expanded]


def _ranges(values: list[int | str], bounds: tuple[int, int]) -> tuple[ScheduleRange, ...]:
    """As Temporal describes them: each value by itself, or all of them."""
    if values == [_EVERY]:
        return (ScheduleRange(*bounds),)
    return tuple(ScheduleRange(value, value) for value in sorted(map(int, values)))
