"""Reports that no model wrote: the numbers in words, and why there is no more."""

from __future__ import annotations

from assay.contracts.report_runs import GenerationStatus, ReportContent, ReportMetrics, ReportSection
from assay.domain.report_words import number, p_value, percent, points

_NO_NUMBERS = (
    "The event store gave no numbers for this period, although it was asked for an hour. The period stays "
    "open: the next report covers it."
)


def plain_content(metrics: ReportMetrics, reason: str) -> ReportContent:
    """A report from the numbers alone.

    Args:
        reason: why no model wrote it, as the rest of a sentence without a full stop.
    """
    sentence = f"No model wrote this report: {reason}."
    lines = [sentence, "", *_lines(metrics)]
    return ReportContent(
        title=_headline(metrics),
        sections=(ReportSection(title="Numbers of the period", content="\n".join(lines)),),
        metrics=metrics,
        fallback_reason=sentence,
    )


def unavailable_content() -> ReportContent:
    """What goes out where there are no numbers."""
    return ReportContent(
        title="Numbers unavailable",
        sections=(ReportSection(title="No numbers", content=_NO_NUMBERS),),
        generation_status=GenerationStatus.METRICS_UNAVAILABLE,
        fallback_reason=_NO_NUMBERS,
    )


def _headline(metrics: ReportMetrics) -> str:
    if metrics.total_runs == 0:
        return "No results"
    if metrics.pass_rate_interval is None:
        return f"{number(metrics.total_runs)} results"
    return f"{percent(metrics.pass_rate)} passed"


def _lines(metrics: ReportMetrics) -> list[str]:
    counts = ", ".join(f"{name} {number(count)}" for name, count in metrics.result_counts.items() if count)
    lines = [f"- Results: {number(metrics.total_runs)}{f' ({counts})' if counts else ''}"]
    if metrics.pass_rate_interval is not None:
        low, high = metrics.pass_rate_interval
        lines.append(
            f"- Pass rate: {percent(metrics.pass_rate)} (95 % interval {percent(low)} to {percent(high)})"
        )
    if metrics.change is not None:
        sureness = "probably real" if metrics.change.is_significant else "which may be chance"
        lines.append(
            f"- Against the period before: {points(metrics.change.percentage_points)}, {sureness} "
            f"({p_value(metrics.change.p_value)})"
        )
    if metrics.previous_total_runs is not None:
        lines.append(f"- Results in the period before: {number(metrics.previous_total_runs)}")
    return lines
