"""Scores of trace reviews in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import new_id
from assay.adapters.sql.tables import (
    ScoreDefinitionRow,
    ScoreDefinitionVersionRow,
    TraceReviewScoreRow,
)
from assay.contracts.score_definitions import ScoreKind
from assay.contracts.trace_reviews import CheckedScore, ReviewScore

type _Found = Select[TraceReviewScoreRow, str, ScoreKind, bool, int, dict[str, Any]]
type _Scored = Row[TraceReviewScoreRow, str, ScoreKind, bool, int, dict[str, Any]]


async def insert_scores(
    session: AsyncSession, review_id: UUID, scores: Sequence[CheckedScore], *, at: datetime
) -> None:
    """Write the scores of a review that has none."""
    if not scores:
        return
    await session.execute(
        insert(TraceReviewScoreRow), [_columns(review_id, score, at=at) for score in scores]
    )


async def replace_scores(
    session: AsyncSession, review_id: UUID, scores: Sequence[CheckedScore], *, at: datetime
) -> None:
    """Write the scores of a review in place of those that it has; the caller holds the review's row."""
    await session.execute(
        delete(TraceReviewScoreRow)
        .where(TraceReviewScoreRow.review_id == review_id)
        .execution_options(synchronize_session=False)
    )
    await insert_scores(session, review_id, scores, at=at)


async def scores_of(session: AsyncSession, review_ids: Sequence[UUID]) -> dict[UUID, list[ReviewScore]]:
    """The scores of the reviews, in one statement; ordered by the name of the definition, then by id."""
    scores = defaultdict(list)
    if review_ids:
        statement = _all().where(TraceReviewScoreRow.review_id.in_(review_ids))
        for row in (await session.execute(statement)).all():
            scores[row[0].review_id].append(_score(row))
    return scores


def _all() -> _Found:
    """All scores, each with what is shown of its definition and of the version that it was scored against."""
    return (
        select(
            TraceReviewScoreRow,
            ScoreDefinitionRow.name,
            ScoreDefinitionRow.kind,
            ScoreDefinitionRow.archived,
            ScoreDefinitionVersionRow.version,
            ScoreDefinitionVersionRow.config,
        )
        .join(ScoreDefinitionRow, ScoreDefinitionRow.id == TraceReviewScoreRow.definition_id)
        .join(
            ScoreDefinitionVersionRow,
            ScoreDefinitionVersionRow.id == TraceReviewScoreRow.definition_version_id,
        )
        .order_by(ScoreDefinitionRow.name_folded, TraceReviewScoreRow.id)
    )


def _columns(review_id: UUID, score: CheckedScore, *, at: datetime) -> dict[str, object]:
    keys = score.categorical_values
    return {
        "id": new_id(),
        "review_id": review_id,
        "definition_id": score.definition_id,
        "definition_version_id": score.definition_version_id,
        "categorical_values": None if keys is None else list(keys),
        "numeric_value": score.numeric_value,
        "boolean_value": score.boolean_value,
        "created_at": at,
    }


def _score(found: _Scored) -> ReviewScore:
    row, name, kind, archived, version, config = found
    keys = row.categorical_values
    return ReviewScore(
        id=row.id,
        definition_id=row.definition_id,
        definition_name=name,
        definition_kind=kind,
        definition_archived=archived,
        definition_version_id=row.definition_version_id,
        definition_version=version,
        definition_config=config,
        categorical_values=None if keys is None else tuple(keys),
        numeric_value=row.numeric_value,
        boolean_value=row.boolean_value,
        created_at=row.created_at,
    )
