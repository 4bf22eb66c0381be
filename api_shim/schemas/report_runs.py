"""Runs of evaluation reports, as the API shows them."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from assay.contracts.report_runs import (
    DeliveryStatus,
    GenerationStatus,
    RateChange,
    ReportContent,
    ReportMetrics,
    ReportRun,
)
from assay.contracts.wire import ResponseModel, Timestamp


class NoMetricsResponse(ResponseModel):
    """The numbers of a run for which the event store gave none: an empty object."""


class RateChangeResponse(ResponseModel):
    """How the pass rate compares with that of the period before."""

    percentage_points: float
    """Current minus previous."""
    p_value: float
    """Of the pooled two-proportion z-test, two-sided."""
    is_significant: bool
    """Whether p_value is below 0.05."""


class ReportMetricsResponse(ResponseModel):
    """Numbers of a period. Rates are percentages."""

    total_runs: int
    """Results in the period, not applicable ones included, skipped ones not."""
    pass_count: int
    fail_count: int
    na_count: int
    pass_rate: float
    """Passes among passes and failures; 0 without any."""
    period_start: Timestamp
    """The period is half-open, by the arrival of the results."""
    period_end: Timestamp
    previous_total_runs: int | None
    """The same of the period just before, of the same length; null if it has no results."""
    previous_pass_rate: float | None
    output_type: str
    result_counts: dict[str, int]
    result_rates: dict[str, float]
    """The counts as percentages of total_runs."""
    pass_rate_interval: tuple[float, float] | None
    """Wilson's 95 % interval; null without passes and failures."""
    previous_result_counts: dict[str, int]
    previous_result_rates: dict[str, float]
    previous_pass_rate_interval: tuple[float, float] | None
    change: RateChangeResponse | None
    """Null unless both periods have passes or failures."""

    @classmethod
    def of(cls, metrics: ReportMetrics) -> ReportMetricsResponse:
        """The representation of `metrics`."""
        fields = {name: getattr(metrics, name) for name in cls.model_fields}
        return cls(**fields | {"change": _change(metrics.change)})


class ReportSectionResponse(ResponseModel):
    """A part of the text."""

    title: str
    content: str
    """Markdown."""


class CitationResponse(ResponseModel):
    """A generation that the text points to."""

    generation_id: str
    trace_id: str
    reason: str
    session_id: str


class ReportContentResponse(ResponseModel):
    """A report as it is read."""

    title: str
    sections: list[ReportSectionResponse]
    citations: list[CitationResponse]
    metrics: ReportMetricsResponse | NoMetricsResponse
    generation_status: Literal[GenerationStatus.COMPLETED, GenerationStatus.METRICS_UNAVAILABLE]
    """How it was made; what is still being made, or came to nothing, is not listed."""
    fallback_reason: str | None
    """Why no model wrote the text but it was made from the numbers; null where one did."""

    @classmethod
    def of(cls, content: ReportContent) -> ReportContentResponse:
        """The representation of `content`.

        Raises:
            ValueError: it is still being made, or came to nothing.
        """
        status = content.generation_status
        if status is GenerationStatus.PENDING or status is GenerationStatus.FAILED:
            raise ValueError("Only what was made has a representation.")
        return cls(
            title=content.title,
            sections=[ReportSectionResponse(title=it.title, content=it.content) for it in content.sections],
            citations=[
                CitationResponse(**{name: getattr(it, name) for name in CitationResponse.model_fields})
                for it in content.citations
            ],
            metrics=_metrics(content.metrics),
            generation_status=status,
            fallback_reason=content.fallback_reason,
        )


class ReportRunResponse(ResponseModel):
    """A run of a report."""

    id: UUID
    report: UUID
    content: ReportContentResponse
    metadata: ReportMetricsResponse | NoMetricsResponse
    """The metrics of the content once more."""
    period_start: Timestamp
    period_end: Timestamp
    delivery_status: DeliveryStatus
    delivery_errors: tuple[str, ...]
    """One text per recipient that was not reached."""
    created_at: Timestamp

    @classmethod
    def of(cls, run: ReportRun) -> ReportRunResponse:
        """The representation of `run`, which has content.

        Raises:
            ValueError: it has none.
        """
        if run.content is None:
            raise ValueError("A run without content is not shown.")
        content = ReportContentResponse.of(run.content)
        fields: dict[str, Any] = {"report": run.report_id, "content": content, "metadata": content.metrics}
        fields |= {name: getattr(run, name) for name in cls.model_fields if name not in fields}
        return cls(**fields)


def _metrics(metrics: ReportMetrics | None) -> ReportMetricsResponse | NoMetricsResponse:
    return NoMetricsResponse() if metrics is None else ReportMetricsResponse.of(metrics)


def _change(change: RateChange | None) -> RateChangeResponse | None:
    if change is None:
        return None
    return RateChangeResponse(**{name: getattr(change, name) for name in RateChangeResponse.model_fields})
