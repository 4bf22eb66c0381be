"""Trace reviews: what a person thinks of a trace, in words and in scores."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from assay.contracts.access import User
from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.lists import ListQuery
from assay.contracts.score_definitions import ScoreKind


class ScoreValue(Contract):
    """The value of a score: exactly one attribute is not None.

    Attributes:
        categorical_values: keys of the chosen options.
        numeric_value: at most six decimal places and six digits before them.
    """

    categorical_values: tuple[str, ...] | None = None
    numeric_value: Decimal | None = None
    boolean_value: bool | None = None


class ScoreInput(ScoreValue):
    """A score as a client gives it.

    Attributes:
        definition_version_id: the version that the value is checked against; None: the current one.
    """

    definition_id: UUID
    definition_version_id: UUID | None = None


class CheckedScore(ScoreValue):
    """A score that fits the version it names."""

    definition_id: UUID
    definition_version_id: UUID


class ReviewScore(CheckedScore):
    """A stored score.

    Scores of a review are replaced, never changed, so there is no other time than that of creation.

    Attributes:
        definition_name, definition_kind, definition_archived: the definition as it is now.
        definition_version, definition_config: the version that was scored against.
    """

    id: UUID
    definition_name: str
    definition_kind: ScoreKind
    definition_archived: bool
    definition_version: int
    definition_config: dict[str, Any]
    created_at: UtcDatetime


class TraceReviewSpec(Contract):
    """What a client decides about a new review.

    Attributes:
        queue_id: the queue whose pending item the review settles; None: whichever queue the trace is in.
    """

    trace_id: str
    comment: str | None = None
    scores: tuple[CheckedScore, ...] = ()
    queue_id: UUID | None = None


class TraceReviewChange(Contract):
    """A change of a review.

    Attributes:
        comment: kept unless it is set, be it to None.
        scores: the whole new set; None keeps the old one.
        queue_id: as for a new review.
    """

    comment: str | None = None
    scores: tuple[CheckedScore, ...] | None = None
    queue_id: UUID | None = None


class TraceReview(Contract):
    """A stored review.

    Attributes:
        reviewed_by: who saved it last.
        scores: ordered by the name of their definition.
    """

    id: UUID
    project_id: int
    trace_id: str
    comment: str | None
    scores: tuple[ReviewScore, ...]
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None
    reviewed_by: User | None


class TraceReviewQuery(ListQuery):
    """Filters, order (updated_at, created_at; last saved first) and page of reviews.

    Attributes:
        trace_id, trace_ids: only reviews of these traces.
        definition_id, definition_ids: only reviews with a score of these definitions.
        search: a piece of the trace id or comment, in any case.
    """

    trace_id: str | None = None
    trace_ids: tuple[str, ...] | None = None
    definition_id: UUID | None = None
    definition_ids: tuple[UUID, ...] | None = None
    search: str = ""
