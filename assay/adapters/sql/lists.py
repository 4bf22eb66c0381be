"""Lists: how many objects match, and one page of them in a stable order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from assay.adapters.sql.storable import MAX_BIGINT, is_storable
from assay.adapters.sql.tables import Identified
from assay.adapters.sql.text_search import contains, folded
from assay.contracts.lists import ListQuery
from assay.errors import FieldError


class Orders:
    """The orders that a list allows.

    Args:
        columns: name of the order to the column it sorts by.
        default: the order when none is asked for; `-` is descending.
    """

    def __init__(
        self, columns: Mapping[str, InstrumentedAttribute[Any]], *, default: tuple[str, ...]
    ) -> None:
        self._columns = columns
        self._default = default

    def terms(self, order_by: tuple[str, ...]) -> list[ColumnElement[Any]]:
        """The terms of ORDER BY.

        Raises:
            FieldError: a name is not one of the allowed ones.
        """
        return [self._term(name) for name in order_by or self._default]

    def _term(self, name: str) -> ColumnElement[Any]:
        column = self._columns.get(name.removeprefix("-"))
        if column is None:
            raise FieldError(f'"{name}" is not a valid choice.', attr="order_by", code="invalid_choice")
        return column.desc() if name.startswith("-") else column.asc()


NEWEST_FIRST = ("-created_at",)

MAX_PAGE_SIZE = 16 * 1024 * 1024
"""Characters of stored documents in one page. A thousand objects of 20 MB would take all memory there is."""


async def counted_page[*Columns](
    session: AsyncSession,
    found: Select[*Columns],
    entity: type[Identified],
    *,
    matches: ColumnElement[bool],
    query: ListQuery,
    orders: Orders,
    size: InstrumentedAttribute[int] | None = None,
) -> tuple[int, Sequence[Row[*Columns]]]:
    """Number of rows that match, and one page of them.

    Equal rows are ordered by id, so pages neither overlap nor leave gaps. A page ends early where it would
    grow beyond `MAX_PAGE_SIZE`, but never before its first row.

    Args:
        session: reads both in one transaction.
        found: what to select for each row, without a condition.
        entity: the table that is listed; its rows are what is counted.
        matches: which of them are in the list.
        query: order and page.
        orders: what `query.order_by` may name.
        size: the column that says what a row adds to the size of a page; None where rows cannot be large.

    Raises:
        FieldError: the query asks for an order that there is not.
    """
    count = await session.scalar(select(func.count()).select_from(entity).where(matches))
    order = (*orders.terms(query.order_by), entity.id)
    offset = min(query.offset, MAX_BIGINT)
    limit = query.limit
    if size is not None:
        sizes = select(size).select_from(entity).where(matches).order_by(*order).limit(limit).offset(offset)
        limit = _rows_that_fit((await session.scalars(sizes)).all())
    page = found.where(matches).order_by(*order).limit(limit).offset(offset)
    return count or 0, (await session.execute(page)).all()


def _rows_that_fit(sizes: Sequence[int]) -> int:
    """How many rows of these sizes make a page, at least one."""
    fitting = sum(total <= MAX_PAGE_SIZE for total in accumulate(sizes))
    return max(fitting, 1)


def search(text: str, *folded_columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether any of the case-folded columns contains `text`, in any case."""
    if not is_storable(text):
        return false()
    piece = folded(text)
    return or_(*(contains(column, piece) for column in folded_columns))
