"""Which days and wall times a rule names; no zones, no instants.

A rule is expanded period by period: the days of the period that pass all its filters, at its times of
the day, of which BYSETPOS may pick some. Periods are numbered without gaps, so a search can begin at any
of them.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, time
from itertools import product

from schedules.recurrence_rules import Frequency, Rule, Weekday
from schedules.zones import WallTime

type DayFilter = Callable[[date], bool]


def completed(rule: Rule, start: WallTime) -> Rule:
    """`rule` with what it leaves open taken from its start, except for what an HOURLY rule leaves open."""
    if rule.freq is Frequency.HOURLY:
        return rule
    rule = replace(
        rule,
        by_hour=rule.by_hour or frozenset({start.clock.hour}),
        by_minute=start.clock.minute if rule.by_minute is None else rule.by_minute,
        by_second=start.clock.second if rule.by_second is None else rule.by_second,
    )
    if rule.by_year_day or rule.by_month_day or rule.by_day:
        return rule
    if rule.by_week_no or rule.freq is Frequency.WEEKLY:
        return replace(rule, by_day=frozenset({Weekday(0, start.day.weekday())}))
    match rule.freq:
        case Frequency.YEARLY:
            months = rule.by_month or frozenset({start.day.month})
            return replace(rule, by_month=months, by_month_day=frozenset({start.day.day}))
        case Frequency.MONTHLY:
            return replace(rule, by_month_day=frozenset({start.day.day}))
    return rule


def day_filter(rule: Rule) -> DayFilter:
    """The test that a day must pass by the parts of a (completed) rule that are about days."""
    filters: list[DayFilter] = []
    if rule.by_month:
        filters.append(lambda day: day.month in rule.by_month)
    if rule.by_week_no:
        filters.append(lambda day: not rule.by_week_no.isdisjoint(_week_numbers(day, rule.week_start)))
    if rule.by_year_day:
        filters.append(lambda day: not rule.by_year_day.isdisjoint(_positions(*_in_year(day))))
    if rule.by_month_day:
        filters.append(lambda day: not rule.by_month_day.isdisjoint(_positions(*_in_month(day))))
    if rule.by_day:
        filters.append(_weekday_filter(rule))
    return lambda day: all(passes(day) for passes in filters)


def wall_times(rule: Rule, start: WallTime, first: date, last: date) -> Iterator[WallTime]:
    """The wall times of a rule of DAILY or longer, in order and from `start` on.

    Args:
        rule: not completed yet.
        start: what the rule is anchored at.
        first: the search begins with the period of this day; with COUNT, earlier ones are counted too.
        last: the search ends with the period of this day.
    """
    rule = completed(rule, start)
    passes = day_filter(rule)
    origin, begin, end = (_period(rule, day) for day in (start.day, max(first, start.day), last))
    left = rule.count
    skipped = (begin - origin) // rule.interval * rule.interval if left is None else 0
    for period in range(origin + skipped, end + 1, rule.interval):
        found = [wall for wall in _expanded(rule, period, passes) if wall >= start]
        if left is not None:
            found = found[:left]
            left -= len(found)
        if period >= begin:
            yield from found
        if left == 0:
            return


def _expanded(rule: Rule, period: int, passes: DayFilter) -> list[WallTime]:
    days = [day for day in map(date.fromordinal, _days(rule, period)) if passes(day)]
    clocks = [time(hour, rule.by_minute or 0, rule.by_second or 0) for hour in sorted(rule.by_hour)]
    walls = [WallTime(day, clock) for day, clock in product(days, clocks)]
    return _selected(rule, walls) if rule.by_set_pos else walls


def _selected(rule: Rule, walls: list[WallTime]) -> list[WallTime]:
    """The wall times at the positions of BYSETPOS, from 1 or from the end, -1 being the last."""
    length = len(walls)
    return [
        wall
        for index, wall in enumerate(walls)
        if not rule.by_set_pos.isdisjoint({index + 1, index - length})
    ]


def _period(rule: Rule, day: date) -> int:
    """Running number of the period that `day` is in."""
    match rule.freq:
        case Frequency.YEARLY:
            return day.year
        case Frequency.MONTHLY:
            return day.year * 12 + day.month - 1
        case Frequency.WEEKLY:
            return (day.toordinal() - 1 - rule.week_start) // 7
    return day.toordinal()


def _days(rule: Rule, period: int) -> range:
    """The days of a period as ordinals; ordinal 1 was a Monday."""
    match rule.freq:
        case Frequency.YEARLY:
            first = date(period, 1, 1).toordinal()
            return range(first, first + _year_length(period))
        case Frequency.MONTHLY:
            year, month = period // 12, period % 12 + 1
            first = date(year, month, 1).toordinal()
            return range(first, first + monthrange(year, month)[1])
        case Frequency.WEEKLY:
            first = period * 7 + 1 + rule.week_start
            return range(first, first + 7)
    return range(period, period + 1)


def _weekday_filter(rule: Rule) -> DayFilter:
    """Ordinals count within the month, or within the year if the rule is yearly and names no month."""
    place = _in_year if rule.freq is Frequency.YEARLY and not rule.by_month else _in_month
    every = {day.weekday for day in rule.by_day if not day.ordinal}
    numbered = {day for day in rule.by_day if day.ordinal}

    def passes(day: date) -> bool:
        weekday = day.weekday()
        return weekday in every or (
            bool(numbered) and any(Weekday(ordinal, weekday) in numbered for ordinal in _weeks(*place(day)))
        )

    return passes


def _week_numbers(day: date, week_start: int) -> set[int]:
    """Number of the week of `day` in its year, from the beginning and from the end.

    A week belongs to the year that holds its fourth day, which makes week 1 the first one with at least
    four days in the year.
    """
    ordinal = day.toordinal()
    fourth = ordinal - (ordinal - 1 - week_start) % 7 + 3
    return _weeks(*_in_year(date.fromordinal(fourth)))


def _positions(position: int, length: int) -> set[int]:
    return {position, position - length - 1}


def _weeks(position: int, length: int) -> set[int]:
    """Which stretch of seven days a position is in, from the beginning and from the end."""
    return {(position - 1) // 7 + 1, -((length - position) // 7 + 1)}


def _in_year(day: date) -> tuple[int, int]:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1, _year_length(day.year)


def _in_month(day: date) -> tuple[int, int]:
    return day.day, monthrange(day.year, day.month)[1]


def _year_length(year: int) -> int:
    return 366 if isleap(year) else 365
