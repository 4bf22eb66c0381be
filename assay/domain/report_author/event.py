"""The `$ai_evaluation_report` event: a finished report among the other events of its project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID, uuid5

from assay.contracts.events import Event
from assay.contracts.report_runs import ReportContent, ReportMetrics, ReportRun

EVALUATION_REPORT: Final = "$ai_evaluation_report"


def report_event_id(run_id: UUID) -> UUID:
    """Identity of the event of a run: whoever writes it again writes the same."""
    return uuid5(run_id, "event")


def report_event(run: ReportRun, content: ReportContent) -> Event:
    """The event of a run; what there are no numbers for is absent."""
    citations = content.citations
    return Event(
        project_id=run.project_id,
        event=EVALUATION_REPORT,
        uuid=report_event_id(run.id),
        distinct_id=f"eval_report_{run.project_id}",
        timestamp=run.period_end,
        properties={
            "$ai_evaluation_id": str(run.evaluation_id),
            "$ai_evaluation_report_id": str(run.report_id),
            "$ai_evaluation_report_run_id": str(run.id),
            "$ai_report_title": content.title,
            "$ai_report_period_start": run.period_start.isoformat(),
            "$ai_report_period_end": run.period_end.isoformat(),
            "$ai_report_evaluation_target": "generation",
            "$ai_report_trigger": run.trigger.value,
            "$ai_report_generation_status": content.generation_status.value,
            "$ai_report_content": [section.model_dump() for section in content.sections],
            "$ai_report_section_count": len(content.sections),
            "$ai_report_citations": [citation.model_dump() for citation in citations],
            "$ai_report_referenced_generation_ids": [each.generation_id for each in citations],
            "$ai_report_referenced_trace_ids": _distinct(each.trace_id for each in citations),
            "$ai_report_referenced_session_ids": _distinct(each.session_id for each in citations),
            **({} if content.metrics is None else _numbers(content.metrics)),
        },
    )


def _distinct(ids: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(ids) if text]


def _numbers(metrics: ReportMetrics) -> dict[str, Any]:
    named = {
        "$ai_report_output_type": metrics.output_type,
        "$ai_report_total_runs": metrics.total_runs,
        "$ai_report_result_counts": metrics.result_counts,
        "$ai_report_result_rates": metrics.result_rates,
        "$ai_report_previous_total_runs": metrics.previous_total_runs,
        "$ai_report_previous_result_counts": metrics.previous_result_counts,
        "$ai_report_previous_result_rates": metrics.previous_result_rates,
        "$ai_report_pass_count": metrics.pass_count,
        "$ai_report_fail_count": metrics.fail_count,
        "$ai_report_na_count": metrics.na_count,
        "$ai_report_pass_rate": metrics.pass_rate,
        "$ai_report_previous_pass_rate": metrics.previous_pass_rate,
    }
    return {name: value for name, value in named.items() if value is not None}
