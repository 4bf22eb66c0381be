"""Bodies and query parameters of trace reviews."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from api_shim.filters import IdFilter, OrderBy, SearchFilter, SingleIdFilter, TextFilter, TextListFilter
from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from api_shim.schemas.scores import ScoreDecimal, ScoreItems
from assay.contracts.score_definitions import ScoreKind
from assay.contracts.trace_reviews import ReviewScore, ScoreInput, TraceReview
from assay.contracts.wire import Boolean, Items, RequestModel, ResponseModel, Text, Timestamp, Uuid, refusal

MAX_SCORES = 100
"""Scores in one review."""

_EXAMPLE: JsonDict = {
    "trace_id": "0198b4b4-4f3a-7e5f-8c7e-2f4f1f6d2b11",
    "comment": "Found the right invoice, but was curt.",
    "scores": [{"definition_id": "497f6eca-6276-4993-bfeb-53cbbbba6f08", "numeric_value": "4.5"}],
}
_VALUES = ("categorical_values", "numeric_value", "boolean_value")


class ScoreRequest(RequestModel):
    """One score; exactly one value is given."""

    definition_id: Uuid
    """What is scored."""
    definition_version_id: Uuid | None = None
    """The version that the value is given for; the current one if it is left out."""
    categorical_values: Annotated[list[Annotated[str, Text(max_length=128)]], Items()] | None = None
    """Keys of the chosen options."""
    numeric_value: ScoreDecimal | None = None
    """A number, or a decimal as text."""
    boolean_value: Boolean | None = None
    """A truth value."""

    @model_validator(mode="after")
    def _require_one_value(self) -> Self:
        if sum(getattr(self, name) is not None for name in _VALUES) != 1:
            raise refusal(
                "invalid_input",
                "Give exactly one of categorical_values, numeric_value and boolean_value.",
            )
        return self

    def input(self) -> ScoreInput:
        """The score as it is checked."""
        keys = self.categorical_values
        return ScoreInput(
            definition_id=self.definition_id,
            definition_version_id=self.definition_version_id,
            categorical_values=None if keys is None else tuple(keys),
            numeric_value=self.numeric_value,
            boolean_value=self.boolean_value,
        )


class TraceReviewRequest(RequestModel):
    """A review of a trace."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    trace_id: Annotated[str, Text(max_length=255)]
    """The trace; it cannot be changed later."""
    comment: Annotated[str, Text(blank=True)] | None = None
    """What the reviewer thinks; null or blank for nothing."""
    scores: Annotated[list[ScoreRequest], ScoreItems(max_items=MAX_SCORES)] = Field(default_factory=list)
    """One score per definition. In a change they replace all scores of the review."""
    queue_id: Uuid | None = None
    """Settle the trace's pending item in this queue only; null for whichever queue it is in."""


class TraceReviewListQuery(PageQuery):
    """Filters, order and page of the list of trace reviews."""

    trace_id: TextFilter = None
    """Only the review of this trace."""
    trace_id__in: TextListFilter = None
    """Only reviews of these traces."""
    definition_id: SingleIdFilter = None
    """Only reviews with a score of this definition."""
    definition_id__in: IdFilter = None
    """Only reviews with a score of any of these definitions."""
    search: SearchFilter = ""
    """A piece of the trace id or comment, in any case."""
    order_by: Annotated[tuple[str, ...], OrderBy(("updated_at", "created_at"))] = ()
    """Order; last saved first if empty."""


class ScoreResponse(ResponseModel):
    """A score; exactly one value is not null."""

    id: UUID
    definition_id: UUID
    definition_name: str
    definition_kind: ScoreKind
    definition_archived: bool
    definition_version_id: UUID
    definition_version: int
    definition_config: dict[str, Any]
    """The config of the version that the value was given for."""
    categorical_values: tuple[str, ...] | None
    numeric_value: str | None
    """A decimal with six places."""
    boolean_value: bool | None
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, score: ReviewScore) -> ScoreResponse:
        """The representation of `score`."""
        fields = score.model_dump(exclude={"numeric_value"})
        number = score.numeric_value
        return cls(
            **fields,
            numeric_value=None if number is None else f"{number:.6f}",
            updated_at=score.created_at,
        )


class TraceReviewResponse(ResponseModel):
    """A review of a trace."""

    id: UUID
    trace_id: str
    comment: str | None
    created_at: Timestamp
    updated_at: Timestamp
    created_by: UserBasic | None
    reviewed_by: UserBasic | None
    """Who saved the review last."""
    scores: list[ScoreResponse]
    team: int
    """Id of the project."""

    @classmethod
    def of(cls, review: TraceReview) -> TraceReviewResponse:
        """The representation of `review`."""
        return cls(
            id=review.id,
            trace_id=review.trace_id,
            comment=review.comment,
            created_at=review.created_at,
            updated_at=review.updated_at,
            created_by=UserBasic.of(review.created_by),
            reviewed_by=UserBasic.of(review.reviewed_by),
            scores=list(map(ScoreResponse.of, review.scores)),
            team=review.project_id,
        )
