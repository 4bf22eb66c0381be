"""Items of datasets in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_

from assay.adapters.sql.authored import AuthoredRows
from assay.adapters.sql.database import Database, to_json
from assay.adapters.sql.lists import NEWEST_FIRST, Orders
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import DatasetItemRow
from assay.contracts.access import User
from assay.contracts.datasets import DatasetItem, DatasetItemQuery, DatasetItemSpec

_ORDERS = Orders({"created_at": DatasetItemRow.created_at}, default=NEWEST_FIRST)
_NOT_DELETED: ColumnElement[bool] = DatasetItemRow.deleted.is_not(True)


class SqlDatasetItems:
    """`assay.ports.DatasetItemRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = AuthoredRows(DatasetItemRow, _item)

    async def create(self, project_id: int, spec: DatasetItemSpec, *, created_by: int | None) -> DatasetItem:
        """Store a new item.

        Raises:
            FieldError: a text or number cannot be stored.
            StoreRejected: there is no such project or user, or the project has no such dataset.
        """
        columns = _columns(spec)
        async with self._database.write() as session:
            return await self._rows.insert(session, project_id, columns, created_by=created_by)

    async def get(
        self,
        project_id: int,
        item_id: UUID,
        *,
        dataset_id: UUID | None = None,
        include_deleted: bool = False,
    ) -> DatasetItem | None:
        """One item; None if there is none, or if it is of another dataset than the one named."""
        conditions = [] if include_deleted else [_NOT_DELETED]
        if dataset_id is not None:
            conditions.append(DatasetItemRow.dataset_id == dataset_id)
        async with self._database.read() as session:
            return await self._rows.find(session, project_id, item_id, *conditions)

    async def list(self, project_id: int, query: DatasetItemQuery) -> tuple[int, list[DatasetItem]]:
        """Number of matching items that are not deleted, and one page of them.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(DatasetItemRow.project_id == project_id, _NOT_DELETED)
        if query.dataset_id is not None:
            matches &= DatasetItemRow.dataset_id == query.dataset_id
        async with self._database.read() as session:
            return await self._rows.page(session, matches, query, _ORDERS, DatasetItemRow.size)

    async def update(
        self, project_id: int, item_id: UUID, change: Callable[[DatasetItem], DatasetItemSpec]
    ) -> DatasetItem | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. It must not wait: others wait for it.

        Raises:
            FieldError: a text or number cannot be stored.
            StoreRejected: the project does not have the dataset that the item would move to.
        """
        async with self._database.write() as session:
            return await self._rows.change(
                session, project_id, item_id, lambda current: _columns(change(current))
            )


def _item(row: DatasetItemRow, author: User | None) -> DatasetItem:
    return DatasetItem(
        id=row.id,
        project_id=row.project_id,
        dataset_id=row.dataset_id,
        input=row.input,
        output=row.output,
        metadata=row.json_metadata,
        ref_trace_id=row.ref_trace_id,
        ref_timestamp=row.ref_timestamp,
        ref_source_id=row.ref_source_id,
        deleted=row.deleted,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=author,
    )


def _columns(spec: DatasetItemSpec) -> dict[str, Any]:
    """What is stored of `spec`.

    Raises:
        FieldError: a text or number cannot be stored.
    """
    for attr in ("input", "output", "metadata", "ref_trace_id", "ref_source_id"):
        check_value(getattr(spec, attr), attr=attr)
    documents = (spec.input, spec.output, spec.metadata)
    return {
        "dataset_id": spec.dataset_id,
        "input": spec.input,
        "output": spec.output,
        "json_metadata": spec.metadata,
        "size": sum(len(to_json(document)) for document in documents if document is not None),
        "ref_trace_id": spec.ref_trace_id,
        "ref_timestamp": spec.ref_timestamp,
        "ref_source_id": spec.ref_source_id,
        "deleted": spec.deleted,
    }
