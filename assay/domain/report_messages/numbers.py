"""The numbers of a period as rows of a small table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from assay.contracts.report_runs import ReportMetrics
from assay.domain.report_words import number, p_value, percent, points

BAR_CHARACTERS = 30

_WITHOUT_RATE = "sentiment"
"""Output type whose results neither pass nor fail."""

_OUTCOMES = {"pass": "Passed", "fail": "Failed", "na": "Not applicable"}


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        note: how it compares, or what it is made of; may be empty.
        share: what a bar shows, in percent; None: no bar.
    """

    label: str
    value: str
    note: str = ""
    share: float | None = None


def metric_rows(metrics: ReportMetrics) -> list[Row]:
    """The table of a period: its pass rate if there is such a thing, and how many results were what."""
    rated = metrics.output_type != _WITHOUT_RATE
    return [*(_rate_rows(metrics) if rated else ()), _total(metrics), *_outcome_rows(metrics, bars=not rated)]


def dashboard(rows: Sequence[Row]) -> str:
    """The table in characters of one width, with bars."""
    label_width = max(len(row.label) for row in rows)
    value_width = max(len(row.value) for row in rows)
    lines = []
    for row in rows:
        cells = (row.label.ljust(label_width), row.value.rjust(value_width), row.note, _bar(row.share))
        lines.append("  ".join(cell for cell in cells if cell).rstrip())
    return "\n".join(lines)


def _rate_rows(metrics: ReportMetrics) -> list[Row]:
    if metrics.pass_rate_interval is None:
        return [Row("Pass rate", "–", "nothing passed or failed")]
    low, high = metrics.pass_rate_interval
    rows = [
        Row("Pass rate", percent(metrics.pass_rate), share=metrics.pass_rate),
        Row("95 % interval", f"{percent(low)} – {percent(high)}"),
    ]
    if metrics.previous_pass_rate is not None:
        rows.append(Row("Period before", percent(metrics.previous_pass_rate), _change(metrics)))
    return rows


def _change(metrics: ReportMetrics) -> str:
    if metrics.change is None:
        return ""
    change = metrics.change
    verdict = "probably real" if change.is_significant else "may be chance"
    return f"{points(change.percentage_points)}, {verdict}, {p_value(change.p_value)}"


def _total(metrics: ReportMetrics) -> Row:
    before = metrics.previous_total_runs
    return Row("Results", number(metrics.total_runs), "" if before is None else f"{number(before)} before")


def _outcome_rows(metrics: ReportMetrics, *, bars: bool) -> list[Row]:
    rows = []
    for outcome, count in metrics.result_counts.items():
        share = metrics.result_rates.get(outcome, 0.0)
        label = _OUTCOMES.get(outcome, outcome.replace("_", " ").capitalize())
        rows.append(Row(label, number(count), percent(share), share if bars else None))
    return rows


def _bar(share: float | None) -> str:
    if share is None:
        return ""
    filled = round(BAR_CHARACTERS * min(max(share, 0.0), 100.0) / 100)
    return "█" * filled + "░" * (BAR_CHARACTERS - filled)
