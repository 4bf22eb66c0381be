"""What a chart of a pass rate shows and where: both kinds of picture are drawn from this.

The scale is always that of 0 to 100 %, so that a small change never looks like a big one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import NamedTuple

from assay.contracts.report_data import Bucket
from assay.domain.report_words import day, day_and_time, number, percent

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 44, 16, 36
"""Margins, which hold the labels."""

NO_RATES = "No results passed or failed in this period."

_LEAST_BETWEEN_LABELS = 92


class TrendPoint(NamedTuple):
    """Results of one hour or day.

    Attributes:
        start: when it began.
        passed, failed: results; those that do not apply are in neither.
    """

    start: datetime
    passed: int
    failed: int


def trend_points(buckets: Iterable[Bucket]) -> list[TrendPoint]:
    """Results over time as a chart takes them."""
    return [
        TrendPoint(bucket.start, bucket.counts.get("pass", 0), bucket.counts.get("fail", 0))
        for bucket in buckets
    ]


class Rate(NamedTuple):
    """The pass rate of one hour or day, in percent."""

    start: datetime
    value: float


class Label(NamedTuple):
    """A label at a place of one axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A chart without a drawing program: places in units of a picture of WIDTH by HEIGHT.

    Attributes:
        dots: one per hour or day that has a rate, from left to right; a line joins them.
        levels: labels of the horizontal lines.
        times: labels below the chart.
        words: what it shows, in sentences.
    """

    dots: tuple[tuple[float, float], ...]
    levels: tuple[Label, ...]
    times: tuple[Label, ...]
    words: str


def has_trend(buckets: Sequence[TrendPoint]) -> bool:
    """Whether there is anything to draw: two points, at least, that a line can join."""
    return sum(passed + failed > 0 for _, passed, failed in buckets) > 1


def trend_of(buckets: Sequence[TrendPoint]) -> Trend:
    """Lay a chart out.

    Args:
        buckets: oldest first; those without passes and failures have no rate and are left out.
    """
    rates = _rates(buckets)
    places = [(_x(rate.start, rates[0].start, rates[-1].start), rate) for rate in rates]
    return Trend(
        dots=tuple((x, _y(rate.value)) for x, rate in places),
        levels=tuple(Label(_y(level), f"{level} %") for level in (0, 25, 50, 75, 100)),
        times=_times(places),
        words=trend_words(buckets),
    )


def trend_words(buckets: Sequence[TrendPoint]) -> str:
    """What a chart shows, for people who do not see it."""
    rates = _rates(buckets)
    if not rates:
        return NO_RATES
    say = _wording(rates)
    lowest, highest = min(rates, key=lambda rate: rate.value), max(rates, key=lambda rate: rate.value)
    results = sum(passed + failed for _, passed, failed in buckets)
    course = f"{_at(rates[0], say)} to {_at(rates[-1], say)}" if len(rates) > 1 else _at(rates[0], say)
    extremes = f"; lowest {_at(lowest, say)}, highest {_at(highest, say)}" if len(rates) > 1 else ""
    return (
        f"The trend, with the time before this period: {course}{extremes}."
        f" {number(results)} results that passed or failed; times are UTC."
    )


def _rates(buckets: Sequence[TrendPoint]) -> list[Rate]:
    return [
        Rate(start.astimezone(UTC), 100 * passed / (passed + failed))
        for start, passed, failed in buckets
        if passed + failed
    ]


def _at(rate: Rate, say: Callable[[datetime], str]) -> str:
    return f"{percent(rate.value)} ({say(rate.start)})"


def _x(moment: datetime, first: datetime, last: datetime) -> float:
    room = WIDTH - LEFT - RIGHT
    if first == last:
        return LEFT + room / 2
    return round(LEFT + room * ((moment - first) / (last - first)), 1)


def _y(value: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / 100), 1)


def _times(places: Sequence[tuple[float, Rate]]) -> tuple[Label, ...]:
    """As many labels as fit side by side."""
    daily = _is_daily([rate for _, rate in places])
    labels: list[Label] = []
    for x, rate in places:
        if not labels or x - labels[-1].at >= _LEAST_BETWEEN_LABELS:
            short = f"{rate.start.day} {rate.start:%b}"
            labels.append(Label(x, short if daily else f"{short} {rate.start:%H:%M}"))
    return tuple(labels)


def _wording(rates: Sequence[Rate]) -> Callable[[datetime], str]:
    """How the moments of a chart are written."""
    return day if _is_daily(rates) else day_and_time


def _is_daily(rates: Sequence[Rate]) -> bool:
    return all(rate.start.time() == time.min for rate in rates)
