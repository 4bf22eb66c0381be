"""Trace reviews in SQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Nullable, Select, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from assay.adapters.sql.authors import author_of, with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import Orders, counted_page, search
from assay.adapters.sql.review_scores import insert_scores, replace_scores, scores_of
from assay.adapters.sql.reviewed_traces import has_review, one_of, review_exists, serialized, settle
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import (
    MembershipRole,
    MembershipRow,
    ProjectRow,
    TraceReviewRow,
    TraceReviewScoreRow,
    UserRow,
)
from assay.adapters.sql.text_search import folded
from assay.contracts.trace_reviews import (
    ReviewScore,
    TraceReview,
    TraceReviewChange,
    TraceReviewQuery,
    TraceReviewSpec,
)

_ORDERS = Orders(
    {"updated_at": TraceReviewRow.updated_at, "created_at": TraceReviewRow.created_at},
    default=("-updated_at",),
)
_REVIEWER = aliased(UserRow)
_REVIEWER_MEMBERSHIP = aliased(MembershipRow)

type _Found = Select[
    TraceReviewRow, UserRow | None, MembershipRole | None, UserRow | None, MembershipRole | None
]


class SqlTraceReviews:
    """`assay.ports.TraceReviewRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, project_id: int, spec: TraceReviewSpec, *, created_by: int | None) -> TraceReview:
        """Store a new review and settle the trace's pending queue item, both or neither.

        Raises:
            FieldError: the trace has a review, or a text cannot be stored.
            StoreRejected: there is no such project or user, or a score names what the project does not have.
        """
        check_value(spec.trace_id, attr="trace_id")
        columns = _comment_columns(spec.comment)
        review_id, now = new_id(), utc_now()
        async with self._database.write() as session:
            await serialized(session, project_id, spec.trace_id)
            if await has_review(session, project_id, spec.trace_id):
                raise review_exists()
            await session.execute(
                insert(TraceReviewRow).values(
                    id=review_id,
                    project_id=project_id,
                    trace_id=spec.trace_id,
                    trace_id_folded=folded(spec.trace_id),
                    reviewed_by_id=created_by,
                    deleted=False,
                    created_at=now,
                    updated_at=now,
                    created_by_id=created_by,
                    **columns,
                )
            )
            await insert_scores(session, review_id, spec.scores, at=now)
            await settle(session, project_id, spec.trace_id, queue_id=spec.queue_id)
            return await _stored(session, review_id)

    async def get(self, project_id: int, review_id: UUID) -> TraceReview | None:
        """One review, or None."""
        statement = _all().where(_live(project_id), TraceReviewRow.id == review_id)
        async with self._database.read() as session:
            row = (await session.execute(statement)).first()
            if row is None:
                return None
            return _review(*row, scores=await scores_of(session, [review_id]))

    async def list(self, project_id: int, query: TraceReviewQuery) -> tuple[int, list[TraceReview]]:
        """Number of matching reviews, and one page of them; three statements, however many there are.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(_live(project_id), *_filters(query))
        async with self._database.read() as session:
            count, rows = await counted_page(
                session, _all(), TraceReviewRow, matches=matches, query=query, orders=_ORDERS
            )
            scores = await scores_of(session, [row[0].id for row in rows])
            return count, [_review(*row, scores=scores) for row in rows]

    async def update(
        self, project_id: int, review_id: UUID, change: TraceReviewChange, *, reviewed_by: int | None
    ) -> TraceReview | None:
        """Change a review and settle the trace's pending queue item; None if there is no such review.

        Raises:
            FieldError: the comment cannot be stored.
            StoreRejected: a score names what the project does not have.
        """
        columns = _comment_columns(change.comment) if "comment" in change.model_fields_set else {}
        async with self._database.write() as session:
            current = await _locked(session, project_id, review_id)
            if current is None:
                return None
            now = utc_now_after(current.updated_at)
            await session.execute(
                update(TraceReviewRow)
                .where(TraceReviewRow.id == review_id)
                .values(updated_at=now, reviewed_by_id=reviewed_by, **columns)
                .execution_options(synchronize_session=False)
            )
            if change.scores is not None:
                await replace_scores(session, review_id, change.scores, at=now)
            await settle(session, project_id, current.trace_id, queue_id=change.queue_id)
            return await _stored(session, review_id)

    async def delete(self, project_id: int, review_id: UUID) -> bool:
        """Delete a review; False if there is none."""
        async with self._database.write() as session:
            current = await _locked(session, project_id, review_id)
            if current is None:
                return False
            await session.execute(
                update(TraceReviewRow)
                .where(TraceReviewRow.id == review_id)
                .values(deleted=True, updated_at=utc_now_after(current.updated_at))
                .execution_options(synchronize_session=False)
            )
            return True


def _live(project_id: int) -> ColumnElement[bool]:
    return and_(TraceReviewRow.project_id == project_id, ~TraceReviewRow.deleted)


def _all() -> _Found:
    """All reviews, each with author and reviewer and their roles in the project's organisation."""
    in_organization = and_(
        _REVIEWER_MEMBERSHIP.user_id == _REVIEWER.id,
        _REVIEWER_MEMBERSHIP.organization_id == ProjectRow.organization_id,
    )
    return (
        with_author(TraceReviewRow)
        .add_columns(Nullable(_REVIEWER), Nullable(_REVIEWER_MEMBERSHIP.role))
        .outerjoin(_REVIEWER, _REVIEWER.id == TraceReviewRow.reviewed_by_id)
        .outerjoin(_REVIEWER_MEMBERSHIP, in_organization)
    )


async def _locked(session: AsyncSession, project_id: int, review_id: UUID) -> TraceReviewRow | None:
    """The row, locked until the transaction ends."""
    return await session.scalar(
        select(TraceReviewRow).where(_live(project_id), TraceReviewRow.id == review_id).with_for_update()
    )


async def _stored(session: AsyncSession, review_id: UUID) -> TraceReview:
    """What this transaction has written, as the database keeps it."""
    statement = _all().where(TraceReviewRow.id == review_id).execution_options(populate_existing=True)
    row = (await session.execute(statement)).one()
    return _review(*row, scores=await scores_of(session, [review_id]))


def _review(
    row: TraceReviewRow,
    author: UserRow | None,
    author_role: MembershipRole | None,
    reviewer: UserRow | None,
    reviewer_role: MembershipRole | None,
    *,
    scores: dict[UUID, list[ReviewScore]],
) -> TraceReview:
    return TraceReview(
        id=row.id,
        project_id=row.project_id,
        trace_id=row.trace_id,
        comment=row.comment,
        scores=tuple(scores.get(row.id, ())),
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=author_of(author, author_role),
        reviewed_by=author_of(reviewer, reviewer_role),
    )


def _comment_columns(comment: str | None) -> dict[str, Any]:
    check_value(comment, attr="comment")
    return {"comment": comment, "comment_folded": folded(comment or "")}


def _filters(query: TraceReviewQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if query.trace_id is not None:
        filters.append(one_of(TraceReviewRow.trace_id, [query.trace_id]))
    if query.trace_ids is not None:
        filters.append(one_of(TraceReviewRow.trace_id, query.trace_ids))
    if query.definition_id is not None:
        filters.append(_has_score_of([query.definition_id]))
    if query.definition_ids is not None:
        filters.append(_has_score_of(query.definition_ids))
    if query.search:
        filters.append(search(query.search, TraceReviewRow.trace_id_folded, TraceReviewRow.comment_folded))
    return filters


def _has_score_of(definition_ids: tuple[UUID, ...] | list[UUID]) -> ColumnElement[bool]:
    return (
        select(TraceReviewScoreRow.id)
        .where(
            TraceReviewScoreRow.review_id == TraceReviewRow.id,
            TraceReviewScoreRow.definition_id.in_(definition_ids),
        )
        .exists()
    )
