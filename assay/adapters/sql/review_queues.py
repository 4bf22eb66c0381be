"""Review queues in SQL."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.authors import author_of, with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database, exclusively
from assay.adapters.sql.lists import Orders, counted_page, search
from assay.adapters.sql.reviewed_traces import delete_items, one_of
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import MembershipRole, ReviewQueueItemRow, ReviewQueueRow, UserRow
from assay.adapters.sql.text_search import folded
from assay.contracts.review_queues import ReviewQueue, ReviewQueueQuery
from assay.errors import FieldError

_ORDERS = Orders(
    {
        "name": ReviewQueueRow.name_folded,
        "updated_at": ReviewQueueRow.updated_at,
        "created_at": ReviewQueueRow.created_at,
    },
    default=("name",),
)

type _Found = Select[ReviewQueueRow, UserRow | None, MembershipRole | None, int]


class SqlReviewQueues:
    """`assay.ports.ReviewQueueRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, project_id: int, name: str, *, created_by: int | None) -> ReviewQueue:
        """Store a new queue.

        Raises:
            FieldError: another queue of the project has the name, or it cannot be stored.
            StoreRejected: there is no such project or user.
        """
        check_value(name, attr="name")
        queue_id, now = new_id(), utc_now()
        async with self._database.write() as session:
            await _require_free_name(session, project_id, name)
            await session.execute(
                insert(ReviewQueueRow).values(
                    id=queue_id,
                    project_id=project_id,
                    deleted=False,
                    created_at=now,
                    updated_at=now,
                    created_by_id=created_by,
                    **_name_columns(name),
                )
            )
            return await _stored(session, queue_id)

    async def get(self, project_id: int, queue_id: UUID) -> ReviewQueue | None:
        """One queue, or None."""
        statement = _all().where(_live(project_id), ReviewQueueRow.id == queue_id)
        async with self._database.read() as session:
            row = (await session.execute(statement)).first()
            return None if row is None else _queue(*row)

    async def list(self, project_id: int, query: ReviewQueueQuery) -> tuple[int, list[ReviewQueue]]:
        """Number of matching queues, and one page of them with their counts in one statement.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(_live(project_id), *_filters(query))
        async with self._database.read() as session:
            count, rows = await counted_page(
                session, _all(), ReviewQueueRow, matches=matches, query=query, orders=_ORDERS
            )
            return count, [_queue(*row) for row in rows]

    async def rename(self, project_id: int, queue_id: UUID, name: str | None) -> ReviewQueue | None:
        """Give a queue another name, or save it as it is for None; None if there is no such queue.

        Raises:
            FieldError: another queue of the project has the name, or it cannot be stored.
        """
        check_value(name, attr="name")
        async with self._database.write() as session:
            if name is not None:
                await _require_free_name(session, project_id, name, but_for=queue_id)
            current = await locked_queue(session, project_id, queue_id)
            if current is None:
                return None
            columns = {} if name is None else _name_columns(name)
            await _write(session, current, columns)
            return await _stored(session, queue_id)

    async def delete(self, project_id: int, queue_id: UUID) -> bool:
        """Delete a queue with its items; False if there is none."""
        async with self._database.write() as session:
            current = await locked_queue(session, project_id, queue_id)
            if current is None:
                return False
            await _write(session, current, {"deleted": True})
            await delete_items(session, ReviewQueueItemRow.queue_id == queue_id)
            return True


async def locked_queue(session: AsyncSession, project_id: int, queue_id: UUID) -> ReviewQueueRow | None:
    """A queue that is not deleted, and will not be until the transaction ends; None if there is none."""
    return await session.scalar(
        select(ReviewQueueRow).where(_live(project_id), ReviewQueueRow.id == queue_id).with_for_update()
    )


def _live(project_id: int) -> ColumnElement[bool]:
    return and_(ReviewQueueRow.project_id == project_id, ~ReviewQueueRow.deleted)


def _all() -> _Found:
    """All queues, each with its author, the author's role and the number of its items."""
    pending = (
        select(func.count())
        .select_from(ReviewQueueItemRow)
        .where(ReviewQueueItemRow.queue_id == ReviewQueueRow.id, ~ReviewQueueItemRow.deleted)
        .scalar_subquery()
    )
    return with_author(ReviewQueueRow).add_columns(pending)


async def _require_free_name(
    session: AsyncSession, project_id: int, name: str, *, but_for: UUID | None = None
) -> None:
    """Check that no other queue has the name, nor gets it until the transaction ends.

    Raises:
        FieldError: one has it.
    """
    await exclusively(session, f"assay review queue names {project_id}")
    taken = exists().where(_live(project_id), ReviewQueueRow.name == name)
    if but_for is not None:
        taken = taken.where(ReviewQueueRow.id != but_for)
    if await session.scalar(select(taken)):
        raise FieldError("A review queue with this name exists already.", attr="name")


async def _write(session: AsyncSession, current: ReviewQueueRow, columns: dict[str, Any]) -> None:
    await session.execute(
        update(ReviewQueueRow)
        .where(ReviewQueueRow.id == current.id)
        .values(updated_at=utc_now_after(current.updated_at), **columns)
        .execution_options(synchronize_session=False)
    )


async def _stored(session: AsyncSession, queue_id: UUID) -> ReviewQueue:
    """What this transaction has written, as the database keeps it."""
    statement = _all().where(ReviewQueueRow.id == queue_id).execution_options(populate_existing=True)
    return _queue(*(await session.execute(statement)).one())


def _queue(
    row: ReviewQueueRow, author: UserRow | None, role: MembershipRole | None, pending: int
) -> ReviewQueue:
    return ReviewQueue(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        pending_item_count=pending,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=author_of(author, role),
    )


def _name_columns(name: str) -> dict[str, Any]:
    return {"name": name, "name_folded": folded(name)}


def _filters(query: ReviewQueueQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = []
    if query.name is not None:
        filters.append(one_of(ReviewQueueRow.name, [query.name]))
    if query.search:
        filters.append(search(query.search, ReviewQueueRow.name_folded))
    return filters
