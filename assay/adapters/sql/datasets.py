"""Datasets in SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from assay.adapters.sql.authored import AuthoredRows
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import NEWEST_FIRST, Orders, search
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import DatasetRow
from assay.adapters.sql.text_search import folded
from assay.contracts.access import User
from assay.contracts.datasets import Dataset, DatasetFilters, DatasetQuery, DatasetSpec

_ORDERS = Orders(
    {"created_at": DatasetRow.created_at, "updated_at": DatasetRow.updated_at}, default=NEWEST_FIRST
)
_NOT_DELETED: ColumnElement[bool] = DatasetRow.deleted.is_not(True)


class SqlDatasets:
    """`assay.ports.DatasetRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = AuthoredRows(DatasetRow, _dataset)

    async def create(self, project_id: int, spec: DatasetSpec, *, created_by: int | None) -> Dataset:
        """Store a new dataset.

        Raises:
            FieldError: a text or number cannot be stored.
            StoreRejected: there is no such project or user.
        """
        columns = _columns(spec)
        async with self._database.write() as session:
            return await self._rows.insert(session, project_id, columns, created_by=created_by)

    async def get(
        self,
        project_id: int,
        dataset_id: UUID,
        filters: DatasetFilters | None = None,
        *,
        include_deleted: bool = False,
    ) -> Dataset | None:
        """One dataset; None if there is none or the filters leave it out."""
        conditions = [] if include_deleted else [_NOT_DELETED]
        if filters is not None:
            conditions += _conditions(filters)
        async with self._database.read() as session:
            return await self._rows.find(session, project_id, dataset_id, *conditions)

    async def exists(self, project_id: int, dataset_id: UUID) -> bool:
        """Whether the project has the dataset, deleted or not."""
        statement = select(DatasetRow.id).where(
            DatasetRow.project_id == project_id, DatasetRow.id == dataset_id
        )
        async with self._database.read() as session:
            return await session.scalar(statement) is not None

    async def list(self, project_id: int, query: DatasetQuery) -> tuple[int, list[Dataset]]:
        """Number of matching datasets that are not deleted, and one page of them.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(DatasetRow.project_id == project_id, _NOT_DELETED, *_conditions(query))
        async with self._database.read() as session:
            return await self._rows.page(session, matches, query, _ORDERS)

    async def update(
        self, project_id: int, dataset_id: UUID, change: Callable[[Dataset], DatasetSpec]
    ) -> Dataset | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. It must not wait: others wait for it.

        Raises:
            FieldError: a text or number cannot be stored.
        """
        async with self._database.write() as session:
            return await self._rows.change(
                session, project_id, dataset_id, lambda current: _columns(change(current))
            )


def _dataset(row: DatasetRow, author: User | None) -> Dataset:
    return Dataset(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        metadata=row.json_metadata,
        deleted=row.deleted,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=author,
    )


def _columns(spec: DatasetSpec) -> dict[str, Any]:
    """What is stored of `spec`.

    Raises:
        FieldError: a text or number cannot be stored.
    """
    for attr in ("name", "description", "metadata"):
        check_value(getattr(spec, attr), attr=attr)
    return {
        "name": spec.name,
        "name_folded": folded(spec.name),
        "description": spec.description,
        "description_folded": folded(spec.description or ""),
        "json_metadata": spec.metadata,
        "metadata_folded": "" if spec.metadata is None else folded(_searchable(spec.metadata)),
        "deleted": spec.deleted,
    }


def _searchable(metadata: Any) -> str:
    """Metadata as the JSON text that `search` looks into: `{"tier": "gold", "tags": ["é"]}`.

    One space after each colon and comma, as PostgreSQL writes a document and so as clients of the
    compatible API know it; letters stay letters, so that words of any alphabet are found.
    """
    return json.dumps(metadata, ensure_ascii=False)


def _conditions(filters: DatasetFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.ids is not None:
        conditions.append(DatasetRow.id.in_(filters.ids))
    if filters.search:
        conditions.append(
            search(
                filters.search,
                DatasetRow.name_folded,
                DatasetRow.description_folded,
                DatasetRow.metadata_folded,
            )
        )
    return conditions
