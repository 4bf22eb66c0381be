"""Reports and their runs for tests of the registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportSpec, ReportFrequency
from assay.contracts.report_runs import (
    Citation,
    GenerationStatus,
    RateChange,
    ReportContent,
    ReportMetrics,
    ReportRun,
    ReportSection,
    ReportTrigger,
)
from assay.ports import Registry
from tests.stores.registry.support import spec

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)


async def new_report(registry: Registry, project: int = 1, **fields: Any) -> EvaluationReport:
    """A report on an evaluation of its own, every 100 results unless said otherwise."""
    evaluation = await registry.evaluations.create(project, spec(), created_by=None)
    decided = EvaluationReportSpec(**{"evaluation_id": evaluation.id} | fields)
    return await registry.evaluation_reports.create(project, decided, created_by=None)


def daily(**fields: Any) -> dict[str, Any]:
    """What a report that is due every day is made of."""
    schedule = {"frequency": ReportFrequency.SCHEDULED, "rrule": "FREQ=DAILY", "starts_at": NOW}
    return schedule | {"next_delivery_date": NOW} | fields


def run_of(report: EvaluationReport, **changes: Any) -> ReportRun:
    """A run that has nothing to show yet."""
    fields: dict[str, Any] = {
        "id": uuid4(),
        "project_id": report.project_id,
        "report_id": report.id,
        "evaluation_id": report.evaluation_id,
        "trigger": ReportTrigger.SCHEDULED,
        "period_start": NOW - DAY,
        "period_end": NOW,
        "created_at": NOW,
    }
    return ReportRun(**fields | changes)


def metrics(**changes: Any) -> ReportMetrics:
    fields: dict[str, Any] = {
        "output_type": "boolean",
        "total_runs": 10,
        "result_counts": {"pass": 6, "fail": 3, "na": 1},
        "result_rates": {"pass": 60.0, "fail": 30.0, "na": 10.0},
        "pass_count": 6,
        "fail_count": 3,
        "na_count": 1,
        "pass_rate": 66.67,
        "pass_rate_interval": (35.42, 87.94),
        "period_start": NOW - DAY,
        "period_end": NOW,
        "previous_total_runs": 4,
        "previous_result_counts": {"fail": 1, "pass": 3},
        "previous_result_rates": {"fail": 25.0, "pass": 75.0},
        "previous_pass_rate": 75.0,
        "previous_pass_rate_interval": (30.06, 95.44),
        "change": RateChange(percentage_points=-8.33, p_value=0.764, is_significant=False),
    }
    return ReportMetrics(**fields | changes)


def content(**changes: Any) -> ReportContent:
    fields: dict[str, Any] = {
        "title": "Größe",
        "sections": (ReportSection(title="Überblick", content="**66.67 %** passed. 🙂"),),
        "citations": (Citation(generation_id=str(UUID(int=1)), trace_id="t-1", reason="rude"),),
        "metrics": metrics(),
        "generation_status": GenerationStatus.COMPLETED,
    }
    return ReportContent(**fields | changes)
