"""Body and answer of a summary of an evaluation's runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from assay.contracts.evaluation_summaries import MAX_RUNS, Frequency, RunFilter
from assay.contracts.wire import Boolean, Choice, Items, RequestModel, ResponseModel, Uuid


class EvaluationSummaryRequest(RequestModel):
    """Which runs to summarise."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"evaluation_id": "0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10", "filter": "fail"}
        }
    )

    evaluation_id: Uuid
    """The evaluation; it may be disabled."""
    filter: Annotated[RunFilter, Choice()] = RunFilter.ALL
    """Only runs of this result; `na` is not applicable."""
    generation_ids: Annotated[list[Uuid], Items(max_items=MAX_RUNS)] = Field(default_factory=list)
    """Only runs on these generations; empty: on any."""
    force_refresh: Boolean = False
    """Whether the model is asked although there is a summary of the same runs."""


class PatternResponse(ResponseModel):
    """What several runs of one result have in common."""

    title: str
    description: str
    frequency: Frequency
    """Among the runs of that result, as the model sees it."""
    example_reasoning: str
    """The reasoning of the first example; empty without one."""
    example_generation_ids: list[str]
    """Generations whose runs show it."""


class StatisticsResponse(ResponseModel):
    """Counted runs."""

    total_analyzed: int
    pass_count: int
    fail_count: int
    na_count: int


class EvaluationSummaryResponse(ResponseModel):
    """What an evaluation has found."""

    overall_assessment: str
    pass_patterns: list[PatternResponse]
    fail_patterns: list[PatternResponse]
    na_patterns: list[PatternResponse]
    recommendations: list[str]
    statistics: StatisticsResponse
    """Counted from the data; the model has no part in it."""
