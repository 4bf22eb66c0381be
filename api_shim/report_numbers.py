"""The numbers of a report's page: figures, table, and what the change means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api_shim.report_words import chance, interval
from assay.contracts.report_runs import ReportMetrics
from assay.domain.report_words import number, percent, points

_NONE = "\N{EN DASH}"
_OUTCOMES = {
    "pass": "Passed",
    "fail": "Failed",
    "na": "Not applicable",
    "positive": "Positive",
    "neutral": "Neutral",
    "negative": "Negative",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of numbers: what, how many, which share, and the same of the period before."""

    label: str
    count: str
    rate: str
    previous_count: str
    previous_rate: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a period.

    Attributes:
        pass_rate: None where results do not pass or fail, or none did.
        change: with its sign; None where there is nothing to compare with.
        comparison: what the change means, or why there is none.
    """

    total: str
    pass_rate: str | None
    interval: str
    previous_pass_rate: str | None
    previous_interval: str
    change: str | None
    comparison: str
    rows: tuple[Row, ...]


def numbers_of(metrics: ReportMetrics) -> Numbers:
    """What the page shows of the numbers of a period."""
    previous = metrics.previous_pass_rate
    return Numbers(
        total=number(metrics.total_runs),
        pass_rate=None if metrics.pass_rate_interval is None else percent(metrics.pass_rate),
        interval=_interval(metrics.pass_rate_interval),
        previous_pass_rate=None if previous is None else percent(previous),
        previous_interval=_interval(metrics.previous_pass_rate_interval),
        change=None if metrics.change is None else points(metrics.change.percentage_points),
        comparison=_comparison(metrics),
        rows=_rows(metrics),
    )


def _interval(bounds: tuple[float, float] | None) -> str:
    return "" if bounds is None else interval(bounds)


def _comparison(metrics: ReportMetrics) -> str:
    if metrics.change is not None:
        return chance(metrics.change)
    if not metrics.previous_total_runs:
        return "There were no results in the period before to compare with."
    if metrics.pass_rate_interval is None:
        return ""
    return "In the period before, no result passed or failed, so there is nothing to compare with."


def _rows(metrics: ReportMetrics) -> tuple[Row, ...]:
    """A row for each outcome, in their usual order, and one for all results."""
    found = {*metrics.result_counts, *metrics.previous_result_counts}
    outcomes = [*(name for name in _OUTCOMES if name in found), *sorted(found - _OUTCOMES.keys())]
    labels = [*(_OUTCOMES.get(outcome, outcome) for outcome in outcomes), "All results"]
    current = _cells(outcomes, metrics.total_runs, metrics.result_counts, metrics.result_rates)
    previous = _cells(
        outcomes, metrics.previous_total_runs, metrics.previous_result_counts, metrics.previous_result_rates
    )
    return tuple(
        Row(label, *here, *before) for label, here, before in zip(labels, current, previous, strict=True)
    )


def _cells(
    outcomes: Sequence[str], total: int | None, counts: Mapping[str, int], rates: Mapping[str, float]
) -> list[tuple[str, str]]:
    """How many and which share, of each outcome and of all results; dashes where there were no results."""
    if total is None:
        return [(_NONE, "")] * (len(outcomes) + 1)
    shares = [(number(counts.get(name, 0)), percent(rates.get(name, 0.0))) for name in outcomes]
    return [*shares, (number(total), "")]
