"""Traces in review queues, in SQL."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.authors import author_of, with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import Orders, counted_page, search
from assay.adapters.sql.review_queues import locked_queue
from assay.adapters.sql.reviewed_traces import delete_items, has_review, one_of, review_exists, serialized
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import MembershipRole, ReviewQueueItemRow, ReviewQueueRow, UserRow
from assay.adapters.sql.text_search import folded
from assay.contracts.review_queues import ReviewQueueItem, ReviewQueueItemQuery
from assay.errors import FieldError

_ORDERS = Orders(
    {"created_at": ReviewQueueItemRow.created_at, "updated_at": ReviewQueueItemRow.updated_at},
    default=("created_at",),
)

type _Found = Select[ReviewQueueItemRow, UserRow | None, MembershipRole | None, str]


class SqlReviewQueueItems:
    """`assay.ports.ReviewQueueItemRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, project_id: int, queue_id: UUID, trace_id: str, *, created_by: int | None
    ) -> ReviewQueueItem:
        """Put a trace into a queue.

        Raises:
            FieldError: there is no such queue, the trace has a review or is in a queue, or its id cannot
                be stored.
            StoreRejected: there is no such user.
        """
        check_value(trace_id, attr="trace_id")
        item_id, now = new_id(), utc_now()
        async with self._database.write() as session:
            await serialized(session, project_id, trace_id)
            await _require_queue(session, project_id, queue_id)
            await _require_free_trace(session, project_id, queue_id, trace_id)
            await session.execute(
                insert(ReviewQueueItemRow).values(
                    id=item_id,
                    project_id=project_id,
                    queue_id=queue_id,
                    trace_id=trace_id,
                    trace_id_folded=folded(trace_id),
                    deleted=False,
                    created_at=now,
                    updated_at=now,
                    created_by_id=created_by,
                )
            )
            return await _stored(session, item_id)

    async def get(self, project_id: int, item_id: UUID) -> ReviewQueueItem | None:
        """One item, or None."""
        statement = _all().where(_live(project_id), ReviewQueueItemRow.id == item_id)
        async with self._database.read() as session:
            row = (await session.execute(statement)).first()
            return None if row is None else _item(*row)

    async def list(self, project_id: int, query: ReviewQueueItemQuery) -> tuple[int, list[ReviewQueueItem]]:
        """Number of matching items, and one page of them.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(_live(project_id), *_filters(query))
        async with self._database.read() as session:
            count, rows = await counted_page(
                session, _all(), ReviewQueueItemRow, matches=matches, query=query, orders=_ORDERS
            )
            return count, [_item(*row) for row in rows]

    async def move(self, project_id: int, item_id: UUID, queue_id: UUID) -> ReviewQueueItem | None:
        """Move an item to another queue; None if there is no such item.

        Raises:
            FieldError: there is no such queue.
        """
        async with self._database.write() as session:
            await _require_queue(session, project_id, queue_id)
            current = await session.scalar(
                select(ReviewQueueItemRow)
                .where(_live(project_id), ReviewQueueItemRow.id == item_id)
                .with_for_update()
            )
            if current is None:
                return None
            await session.execute(
                update(ReviewQueueItemRow)
                .where(ReviewQueueItemRow.id == item_id)
                .values(queue_id=queue_id, updated_at=utc_now_after(current.updated_at))
                .execution_options(synchronize_session=False)
            )
            return await _stored(session, item_id)

    async def delete(self, project_id: int, item_id: UUID) -> bool:
        """Take an item out of its queue; False if there is none."""
        async with self._database.write() as session:
            conditions = (ReviewQueueItemRow.project_id == project_id, ReviewQueueItemRow.id == item_id)
            return await delete_items(session, *conditions) > 0


async def _require_queue(session: AsyncSession, project_id: int, queue_id: UUID) -> None:
    """Check that there is the queue, and hold it until the transaction ends.

    Raises:
        FieldError: there is none.
    """
    if await locked_queue(session, project_id, queue_id) is None:
        raise FieldError("There is no such review queue.", attr="queue_id")


async def _require_free_trace(session: AsyncSession, project_id: int, queue_id: UUID, trace_id: str) -> None:
    """Check that a trace has no review and waits in no queue.

    Raises:
        FieldError: it has, or does.
    """
    if await has_review(session, project_id, trace_id):
        raise review_exists()
    waits_in = await session.scalar(
        select(ReviewQueueItemRow.queue_id).where(_live(project_id), ReviewQueueItemRow.trace_id == trace_id)
    )
    if waits_in == queue_id:
        raise FieldError("This trace is in this review queue already.", attr="trace_id")
    if waits_in is not None:
        raise FieldError("This trace is in another review queue.", attr="trace_id")


def _live(project_id: int) -> ColumnElement[bool]:
    return and_(ReviewQueueItemRow.project_id == project_id, ~ReviewQueueItemRow.deleted)


def _all() -> _Found:
    """All items, each with its author, the author's role and the name of its queue."""
    return (
        with_author(ReviewQueueItemRow)
        .add_columns(ReviewQueueRow.name)
        .join(ReviewQueueRow, ReviewQueueRow.id == ReviewQueueItemRow.queue_id)
    )


async def _stored(session: AsyncSession, item_id: UUID) -> ReviewQueueItem:
    """What this transaction has written, as the database keeps it."""
    statement = _all().where(ReviewQueueItemRow.id == item_id).execution_options(populate_existing=True)
    return _item(*(await session.execute(statement)).one())


def _item(
    row: ReviewQueueItemRow, author: UserRow | None, role: MembershipRole | None, queue_name: str
) -> ReviewQueueItem:
    return ReviewQueueItem(
        id=row.id,
        project_id=row.project_id,
        queue_id=row.queue_id,
        queue_name=queue_name,
        trace_id=row.trace_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=author_of(author, role),
    )


def _filters(query: ReviewQueueItemQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if query.queue_id is not None:
        filters.append(ReviewQueueItemRow.queue_id == query.queue_id)
    if query.trace_id is not None:
        filters.append(one_of(ReviewQueueItemRow.trace_id, [query.trace_id]))
    if query.trace_ids is not None:
        filters.append(one_of(ReviewQueueItemRow.trace_id, query.trace_ids))
    if query.search:
        filters.append(search(query.search, ReviewQueueItemRow.trace_id_folded))
    return filters
