"""What the page of a report run says, worked out; the template only places it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from api_shim.report_chart import Chart
from api_shim.report_numbers import Numbers, numbers_of
from api_shim.report_text import section_html
from api_shim.report_words import cost
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.report_runs import (
    Citation,
    DeliveryStatus,
    GenerationStatus,
    ReportContent,
    ReportRun,
    ReportTrigger,
)
from assay.domain.report_messages import Letter, evidence_anchor
from assay.domain.report_words import day_and_time, period, zone_named

_TRIGGERS = {
    ReportTrigger.MANUAL: "asked for by a person",
    ReportTrigger.SCHEDULED: "on schedule",
    ReportTrigger.THRESHOLD: "because enough new results had come",
}
_DELIVERY = {
    DeliveryStatus.DELIVERED: "Every recipient has this report.",
    DeliveryStatus.PARTIAL_FAILURE: "Some recipients did not get this report.",
    DeliveryStatus.FAILED: "No recipient got this report.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A titled part of the text; its HTML is safe."""

    title: str
    html: Markup


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that the template places.

    Attributes:
        periods: the same period by the clocks of the report's zone and of UTC.
        notice: what a reader must know before the rest; None: nothing.
        evidence: each with the name of its place on the page.
        trigger: why the run began, after “Made …”.
    """

    evaluation: str
    title: str
    periods: tuple[str, ...]
    notice: str | None
    numbers: Numbers | None
    chart: Chart
    chart_svg: Markup
    parts: tuple[Part, ...]
    evidence: tuple[tuple[str, Citation], ...]
    author: str
    delivery: str
    delivery_errors: tuple[str, ...]
    made: str
    trigger: str
    run_id: str
    link_ends: str | None


def report_view(
    run: ReportRun,
    report: EvaluationReport,
    evaluation_name: str,
    chart: Chart,
    *,
    link_ends: datetime | None,
) -> ReportView:
    """The page of a run.

    Args:
        link_ends: when the link stops working that the reader came by; None: it was an API key.
    """
    zone = zone_named(report.timezone_name)
    content = run.content or ReportContent(title="", sections=(), generation_status=GenerationStatus.PENDING)
    letter = Letter(run, content, evaluation_name, zone=report.timezone_name, page_url="")
    return ReportView(
        evaluation=letter.name,
        title=letter.title,
        periods=tuple(dict.fromkeys(period(run.period_start, run.period_end, each) for each in (zone, UTC))),
        notice=_notice(content),
        numbers=None if content.metrics is None else numbers_of(content.metrics),
        chart=chart,
        chart_svg=Markup(chart.svg),  # noqa: S704  (drawn by code of our own)
        parts=_parts(letter),
        evidence=tuple(
            (evidence_anchor(place), citation) for place, citation in enumerate(content.citations, start=1)
        ),
        author=_author(run, content),
        delivery=_delivery(run, report),
        delivery_errors=run.delivery_errors,
        made=f"{day_and_time(run.created_at.astimezone(zone))} ({zone})",
        trigger=_TRIGGERS[run.trigger],
        run_id=str(run.id),
        link_ends=None if link_ends is None else f"{day_and_time(link_ends.astimezone(zone))} ({zone})",
    )


def _notice(content: ReportContent) -> str | None:
    match content.generation_status:
        case GenerationStatus.PENDING:
            return "This report is still being written. Load the page again in a minute."
        case GenerationStatus.FAILED:
            return "Nothing came of this report: its run failed. This period is still to be reported."
        case GenerationStatus.METRICS_UNAVAILABLE:
            return (
                "There are no numbers: the event store did not answer in time. This period is still to be"
                " reported."
            )
    return None


def _parts(letter: Letter) -> tuple[Part, ...]:
    """The text; ids in it that are cited lead to the list of evidence."""
    evidence = letter.evidence
    return tuple(
        Part(section.title, Markup(section_html(section, evidence)))  # noqa: S704  (made to be safe)
        for section in letter.content.sections
    )


def _author(run: ReportRun, content: ReportContent) -> str:
    if content.generation_status is not GenerationStatus.COMPLETED:
        return ""
    if content.fallback_reason is not None:
        return f"No model wrote this text; it was put together from the numbers. {content.fallback_reason}"
    if run.model is None:
        return "No model wrote this text; it was put together from the numbers."
    price = "" if run.cost_usd is None else f" for {cost(run.cost_usd)}"
    return f"Written by {run.model}{price}. The numbers above are counted, not written by the model."


def _delivery(run: ReportRun, report: EvaluationReport) -> str:
    if run.delivery_status is DeliveryStatus.PENDING:
        return "It is on its way." if report.delivery_targets else "This report has no recipients."
    return _DELIVERY[run.delivery_status]
