"""When a recurrence rule fires next, in its time zone; pure, so workflows may call it.

Rules of DAILY and longer are expanded in wall time: 9:00 stays 9:00 when the clocks change. A time that
the clocks skip moves forward by the gap, a time that they show twice fires once, the first time. HOURLY
rules step in absolute time from their start; their filters (BYDAY, BYHOUR …) look at the wall clock.

Every search ends: it looks at most `HORIZON` ahead, and what lies between an old start and now is skipped
(or, for COUNT, counted period by period, which `EARLIEST_START` and `MAX_COUNT` bound).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.recurrence_calendar import day_filter, wall_times
from schedules.recurrence_rules import Frequency, Rule, Until, parse_rule
from schedules.zones import WallTime, instant_of, time_zone, wall_time

EARLIEST_START = datetime(1970, 1, 1, tzinfo=UTC)
"""A rule cannot start before this."""

END_OF_TIME = datetime(3000, 1, 1, tzinfo=UTC)
"""A rule cannot start or fire from here on."""

HORIZON = timedelta(days=50 * 366)
"""How far ahead an occurrence is looked for. The rarest date of the calendar, a 29 February on a given
day of the week, comes at least every 40 years."""

_GREATEST_SHIFT = timedelta(days=1)
"""The longest step that the clocks of a zone ever made: a whole day, over the date line."""

_HOUR = 3600
_REGULAR_DAY = 24 * _HOUR


def next_occurrence(rule: str, starts_at: datetime, zone: str, after: datetime) -> datetime | None:
    """The first occurrence strictly after an instant.

    Args:
        rule: a rule that `parse_rule` accepts.
        starts_at: what the rule is anchored at, to the second; nothing fires before it.
        zone: an IANA name.
        after: an aware instant.

    Returns:
        The occurrence in UTC; None if the rule has ended or nothing comes within `HORIZON`.

    Raises:
        ValueError: the rule or zone is not valid, or the start is out of range.
    """
    parsed, tz = parse_rule(rule), time_zone(zone)
    check_start(starts_at)
    start = starts_at.astimezone(UTC).replace(microsecond=0)
    after = max(after, start - timedelta(seconds=1))
    if after >= END_OF_TIME:
        return None
    end = min(after + HORIZON, END_OF_TIME)
    if parsed.until is not None and parsed.until.instant is not None:
        end = min(end, parsed.until.instant)
    expand = _hourly if parsed.freq is Frequency.HOURLY else _by_wall_clock
    found = _earliest_after(after, expand(parsed, start, tz, after, end))
    return None if found is None or found > end or found >= END_OF_TIME else found


def check_start(starts_at: datetime) -> None:
    """Refuse a start that rules cannot be anchored at.

    Raises:
        ValueError: says what is wrong.
    """
    if not EARLIEST_START <= starts_at < END_OF_TIME:
        raise ValueError(f"The start must be from {EARLIEST_START.year} to {END_OF_TIME.year - 1}.")


def _earliest_after(after: datetime, instants: Iterator[datetime]) -> datetime | None:
    """The least instant after `after`.

    Instants come in order, but for one case: a skipped time that moves forward can land behind times that
    follow it on the wall. So the search goes on for as far as clocks can shift.
    """
    found: datetime | None = None
    for instant in instants:
        if found is not None and instant > found + _GREATEST_SHIFT:
            break
        if instant > after:
            found = instant if found is None else min(found, instant)
    return found


def _by_wall_clock(
    rule: Rule, start: datetime, zone: ZoneInfo, after: datetime, end: datetime
) -> Iterator[datetime]:
    """Occurrences of a rule of DAILY or longer, from some before `after` on."""
    first = wall_time(after, zone).day - 2 * _GREATEST_SHIFT
    last = wall_time(end, zone).day
    for wall in wall_times(rule, wall_time(start, zone), first, last):
        if _is_past(rule.until, wall):
            return
        yield instant_of(wall, zone, not_before=start)


def _hourly(
    rule: Rule, start: datetime, zone: ZoneInfo, after: datetime, end: datetime
) -> Iterator[datetime]:
    """Occurrences of an HOURLY rule, from some before `after` on; with COUNT, from the first one on."""
    if rule.by_set_pos.isdisjoint({1, -1}) and rule.by_set_pos:
        return  # an hour holds one occurrence, which is the first and the last of its period
    passes, hours = day_filter(rule), _Hours(rule, start, zone)
    first = wall_time(start if rule.count is not None else after, zone).day
    last = wall_time(end, zone).day
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    found = (timestamp for day in days if passes(day) for timestamp in hours.of(day))
    for number, timestamp in enumerate(found):
        instant = datetime.fromtimestamp(timestamp, UTC)
        if number == rule.count or (rule.until and _is_past(rule.until, wall_time(instant, zone))):
            return
        yield instant


class _Hours:
    """When an HOURLY rule fires within a day of the zone's calendar, its filters of days left aside.

    A day of 24 hours depends on nothing but how the steps lie in it, so days alike are gone through once: a
    rule whose steps never meet its hours would otherwise be followed through every hour of 50 years.
    """

    def __init__(self, rule: Rule, start: datetime, zone: ZoneInfo) -> None:
        self._by_hour = rule.by_hour
        self._zone = zone
        self._step = rule.interval * _HOUR
        self._start = int(start.timestamp())
        # BYMINUTE and BYSECOND move the steps within their hour
        clock = wall_time(start, zone).clock
        minute = clock.minute if rule.by_minute is None else rule.by_minute
        second = clock.second if rule.by_second is None else rule.by_second
        self._grid = self._start + (minute - clock.minute) * 60 + second - clock.second
        self._regular: dict[int, list[int]] = {}

    def of(self, day: date) -> list[int]:
        """The timestamps within one day."""
        begin, end = (self._midnight(each) for each in (day, day + timedelta(days=1)))
        phase = (self._grid - begin) % self._step
        if end - begin != _REGULAR_DAY:
            instants = range(begin + phase, end, self._step)
            return [each for each in instants if each >= self._start and self._admits(self._shown(each))]
        if phase not in self._regular:
            offsets = range(phase, _REGULAR_DAY, self._step)
            self._regular[phase] = [offset for offset in offsets if self._admits(offset // _HOUR)]
        return [begin + offset for offset in self._regular[phase] if begin + offset >= self._start]

    def _admits(self, hour: int) -> bool:
        return not self._by_hour or hour in self._by_hour

    def _shown(self, timestamp: int) -> int:
        """The hour that the clocks show."""
        return datetime.fromtimestamp(timestamp, self._zone).hour

    def _midnight(self, day: date) -> int:
        return int(instant_of(WallTime(day, time.min), self._zone).timestamp())


def _is_past(until: Until | None, wall: WallTime) -> bool:
    return until is not None and until.wall is not None and wall > until.wall
