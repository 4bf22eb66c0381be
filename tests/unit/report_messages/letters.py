"""A report to be told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from assay.contracts.report_runs import (
    Citation,
    RateChange,
    ReportContent,
    ReportMetrics,
    ReportRun,
    ReportSection,
    ReportTrigger,
)
from assay.domain.report_messages import Letter

START, END = datetime(2026, 3, 6, 8, tzinfo=UTC), datetime(2026, 3, 7, 8, tzinfo=UTC)
CITED = "0190b7a2-3c1d-7e5f-8a9b-1c2d3e4f5a6b"

METRICS = ReportMetrics(
    output_type="boolean",
    total_runs=1234,
    result_counts={"pass": 1000, "fail": 81, "na": 153},
    result_rates={"pass": 81.04, "fail": 6.56, "na": 12.4},
    pass_count=1000,
    fail_count=81,
    na_count=153,
    pass_rate=92.51,
    pass_rate_interval=(90.78, 93.93),
    period_start=START,
    period_end=END,
    previous_total_runs=1100,
    previous_pass_rate=90.0,
    change=RateChange(percentage_points=2.51, p_value=0.031, is_significant=True),
)

SUMMARY = f"""## Summary

Answers got **better** at <password resets> & worse at _refunds_; see `{CITED}`.

- resets: 3 of 100 fail
  - mostly on mobile
- refunds: [policy](https://example.com/policy?a=1&b=2) was misquoted

| topic | fails |
| --- | ---: |
| refunds | 41 |
"""

CONTENT = ReportContent(
    title="Fewer failures, all of them about refunds",
    sections=(
        ReportSection(title="Summary", content=SUMMARY),
        ReportSection(title="What to do", content="1. Quote the policy.\n2. Test with `refund > 30 days`."),
    ),
    citations=(
        Citation(generation_id=CITED, trace_id="trace-1", reason="Quotes a policy that does not exist."),
    ),
    metrics=METRICS,
)


def a_letter(
    *,
    content: ReportContent = CONTENT,
    page_url: str | None = "https://assay.example/reports/1",
    model: str | None = None,
    **changes: Any,
) -> Letter:
    run = ReportRun(
        id=UUID(int=1),
        project_id=1,
        report_id=UUID(int=2),
        evaluation_id=UUID(int=3),
        trigger=ReportTrigger.SCHEDULED,
        content=content,
        model=model,
        period_start=START,
        period_end=END,
        created_at=END,
    )
    letter: dict[str, Any] = {"evaluation_name": "Helpfulness <beta>", "zone": "Europe/Berlin"} | changes
    return Letter(run=run, content=content, page_url=page_url, **letter)
