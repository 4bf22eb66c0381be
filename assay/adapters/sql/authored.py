"""What repositories of authored objects have in common: one table, each row shown with its author."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from assay.adapters.sql.authors import author_of, with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.lists import Orders, counted_page
from assay.adapters.sql.tables import Authored
from assay.contracts.access import User
from assay.contracts.lists import ListQuery


class AuthoredRecord(Protocol):
    """What leaves the registry for a row."""

    @property
    def updated_at(self) -> datetime:
        """When it was written last."""


class AuthoredRows[Row: Authored, Record: AuthoredRecord]:
    """The rows of one table, read and written as records.

    Args:
        entity: the table.
        record: from a row and its author to the record.
    """

    def __init__(self, entity: type[Row], record: Callable[[Row, User | None], Record]) -> None:
        self._entity = entity
        self._record = record

    async def insert(
        self, session: AsyncSession, project_id: int, columns: dict[str, Any], *, created_by: int | None
    ) -> Record:
        """Write a new row; `columns` are those that the table has of its own."""
        object_id, now = new_id(), utc_now()
        base = {"project_id": project_id, "created_by_id": created_by, "created_at": now, "updated_at": now}
        await session.execute(insert(self._entity).values(id=object_id, **base, **columns))
        return await self._stored(session, project_id, object_id)

    async def find(
        self,
        session: AsyncSession,
        project_id: int,
        object_id: UUID,
        *conditions: ColumnElement[bool],
        lock: bool = False,
    ) -> Record | None:
        """The record of one row; None if there is none or it does not meet the conditions.

        Args:
            session: `lock` needs one that may write.
            lock: whether others must wait until the transaction ends before they change the row.
        """
        statement = (
            with_author(self._entity)
            .where(self._entity.project_id == project_id, self._entity.id == object_id, *conditions)
            .execution_options(populate_existing=True)
        )
        if lock:
            statement = statement.with_for_update(of=self._entity)
        found = (await session.execute(statement)).first()
        if found is None:
            return None
        row, author, role = found
        return self._record(row, author_of(author, role))

    async def page(
        self,
        session: AsyncSession,
        matches: ColumnElement[bool],
        query: ListQuery,
        orders: Orders,
        size: InstrumentedAttribute[int] | None = None,
    ) -> tuple[int, list[Record]]:
        """Number of rows that match, and the records of one page of them; see `counted_page`.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        count, rows = await counted_page(
            session,
            with_author(self._entity),
            self._entity,
            matches=matches,
            query=query,
            orders=orders,
            size=size,
        )
        return count, [self._record(row, author_of(author, role)) for row, author, role in rows]

    async def change(
        self,
        session: AsyncSession,
        project_id: int,
        object_id: UUID,
        columns: Callable[[Record], dict[str, Any]],
    ) -> Record | None:
        """Lock a row, work out its new columns from what it holds, and write them.

        Args:
            columns: may raise; then nothing is written.

        Returns:
            What is stored now; None if there is no such row.
        """
        current = await self.find(session, project_id, object_id, lock=True)
        if current is None:
            return None
        changed = columns(current) | {"updated_at": utc_now_after(current.updated_at)}
        await session.execute(update(self._entity).where(self._entity.id == object_id).values(**changed))
        return await self._stored(session, project_id, object_id)

    async def _stored(self, session: AsyncSession, project_id: int, object_id: UUID) -> Record:
        """What this transaction has written, as the database keeps it."""
        stored = await self.find(session, project_id, object_id)
        if stored is None:
            raise LookupError(f"A row of {self._entity.__name__} is gone within its own transaction.")
        return stored
