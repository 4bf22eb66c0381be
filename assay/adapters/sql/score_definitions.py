"""Score definitions in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.authors import author_of, with_author
from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import Orders, counted_page, search
from assay.adapters.sql.score_versions import insert_version, versions_by_id, versions_page
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import (
    MembershipRole,
    ScoreDefinitionRow,
    ScoreDefinitionVersionRow,
    UserRow,
)
from assay.adapters.sql.text_search import folded
from assay.contracts.lists import ListQuery
from assay.contracts.score_definitions import (
    ScoreDefinition,
    ScoreDefinitionChange,
    ScoreDefinitionQuery,
    ScoreDefinitionSpec,
    ScoreDefinitionVersion,
)
from assay.errors import VersionConflict

_ORDERS = Orders(
    {
        "name": ScoreDefinitionRow.name_folded,
        "kind": ScoreDefinitionRow.kind,
        "created_at": ScoreDefinitionRow.created_at,
        "updated_at": ScoreDefinitionRow.updated_at,
        "current_version": ScoreDefinitionRow.current_version,
    },
    default=("name",),
)

type _Found = Select[ScoreDefinitionRow, UserRow | None, MembershipRole | None, ScoreDefinitionVersionRow]


class SqlScoreDefinitions:
    """`assay.ports.ScoreDefinitionRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, project_id: int, spec: ScoreDefinitionSpec, *, created_by: int | None
    ) -> ScoreDefinition:
        """Store a new, active definition with version 1.

        Raises:
            FieldError: a text or number cannot be stored.
            StoreRejected: there is no such project or user.
        """
        check_value(spec.config, attr="config")
        texts = _text_columns(name=spec.name, description=spec.description)
        definition_id, now = new_id(), utc_now()
        statement = insert(ScoreDefinitionRow).values(
            id=definition_id,
            project_id=project_id,
            kind=spec.kind,
            archived=False,
            current_version=1,
            created_at=now,
            updated_at=now,
            created_by_id=created_by,
            **texts,
        )
        async with self._database.write() as session:
            await session.execute(statement)
            await insert_version(session, definition_id, 1, spec.config, at=now, created_by=created_by)
            return await _stored(session, definition_id)

    async def get(self, project_id: int, definition_id: UUID) -> ScoreDefinition | None:
        """One definition, or None."""
        found = await self.get_many(project_id, [definition_id])
        return found[0] if found else None

    async def get_many(self, project_id: int, definition_ids: Collection[UUID]) -> list[ScoreDefinition]:
        """Those of the definitions that the project has, in no order."""
        statement = _all().where(
            ScoreDefinitionRow.project_id == project_id, ScoreDefinitionRow.id.in_(definition_ids)
        )
        async with self._database.read() as session:
            return [_definition(*row) for row in (await session.execute(statement)).all()]

    async def list(self, project_id: int, query: ScoreDefinitionQuery) -> tuple[int, list[ScoreDefinition]]:
        """Number of matching definitions, and one page of them.

        Orders by name ignore case; equal ones are ordered by id.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(ScoreDefinitionRow.project_id == project_id, *_filters(query))
        async with self._database.read() as session:
            count, rows = await counted_page(
                session, _all(), ScoreDefinitionRow, matches=matches, query=query, orders=_ORDERS
            )
            return count, [_definition(*row) for row in rows]

    async def update(
        self, project_id: int, definition_id: UUID, change: ScoreDefinitionChange
    ) -> ScoreDefinition | None:
        """Change a definition, but not its config; None if there is none.

        A change that changes nothing writes nothing.

        Raises:
            FieldError: a text cannot be stored.
        """
        columns = _text_columns(name=change.name, description=change.description)
        if change.archived is not None:
            columns["archived"] = change.archived
        async with self._database.write() as session:
            current = await _locked(session, project_id, definition_id)
            if current is None:
                return None
            if any(getattr(current, name) != value for name, value in columns.items()):
                await _write(session, current, columns)
            return await _stored(session, definition_id)

    async def new_version(
        self,
        project_id: int,
        definition_id: UUID,
        config: dict[str, Any],
        *,
        base_version: int | None,
        created_by: int | None,
    ) -> ScoreDefinition | None:
        """Add a version and make it the current one; None if there is no such definition.

        Raises:
            FieldError: a text or number in the config cannot be stored.
            VersionConflict: `base_version` is not the current version.
        """
        check_value(config, attr="config")
        async with self._database.write() as session:
            current = await _locked(session, project_id, definition_id)
            if current is None:
                return None
            if base_version not in (None, current.current_version):
                raise VersionConflict(current.current_version)
            version = current.current_version + 1
            now = await _write(session, current, {"current_version": version})
            await insert_version(session, definition_id, version, config, at=now, created_by=created_by)
            return await _stored(session, definition_id)

    async def versions(
        self, project_id: int, definition_id: UUID, query: ListQuery
    ) -> tuple[int, Sequence[ScoreDefinitionVersion]]:
        """Number of versions of a definition, and one page of them, newest first."""
        async with self._database.read() as session:
            return await versions_page(session, project_id, definition_id, query)

    async def get_versions(
        self, project_id: int, version_ids: Collection[UUID]
    ) -> Sequence[ScoreDefinitionVersion]:
        """Those of the versions that the project has, in no order."""
        async with self._database.read() as session:
            return await versions_by_id(session, project_id, version_ids)


def _all() -> _Found:
    """All definitions, each with its author, the author's role and its current version."""
    current = and_(
        ScoreDefinitionVersionRow.definition_id == ScoreDefinitionRow.id,
        ScoreDefinitionVersionRow.version == ScoreDefinitionRow.current_version,
    )
    return (
        with_author(ScoreDefinitionRow)
        .add_columns(ScoreDefinitionVersionRow)
        .join(ScoreDefinitionVersionRow, current)
    )


async def _locked(session: AsyncSession, project_id: int, definition_id: UUID) -> ScoreDefinitionRow | None:
    """The row, locked until the transaction ends.

    Nothing is joined: after a wait PostgreSQL shows the row as it is now, but joined ones as they were.
    """
    return await session.scalar(
        select(ScoreDefinitionRow)
        .where(ScoreDefinitionRow.project_id == project_id, ScoreDefinitionRow.id == definition_id)
        .with_for_update()
    )


async def _write(session: AsyncSession, current: ScoreDefinitionRow, columns: dict[str, Any]) -> datetime:
    """Write columns of a locked row; returns the time that it is marked with."""
    now = utc_now_after(current.updated_at)
    await session.execute(
        update(ScoreDefinitionRow)
        .where(ScoreDefinitionRow.id == current.id)
        .values(updated_at=now, **columns)
        .execution_options(synchronize_session=False)
    )
    return now


async def _stored(session: AsyncSession, definition_id: UUID) -> ScoreDefinition:
    """What this transaction has written, as the database keeps it."""
    statement = _all().where(ScoreDefinitionRow.id == definition_id).execution_options(populate_existing=True)
    row = (await session.execute(statement)).one()
    return _definition(*row)


def _definition(
    row: ScoreDefinitionRow,
    author: UserRow | None,
    role: MembershipRole | None,
    current: ScoreDefinitionVersionRow,
) -> ScoreDefinition:
    return ScoreDefinition(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        kind=row.kind,
        config=current.config,
        archived=row.archived,
        current_version=current.version,
        current_version_id=current.id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=author_of(author, role),
    )


def _text_columns(**texts: str | None) -> dict[str, Any]:
    """The columns of those texts that are given.

    Raises:
        FieldError: one cannot be stored.
    """
    columns: dict[str, Any] = {}
    for name, value in texts.items():
        if value is not None:
            check_value(value, attr=name)
            columns |= {name: value, f"{name}_folded": folded(value)}
    return columns


def _filters(query: ScoreDefinitionQuery) -> list[ColumnElement[bool]]:
    filters: list[ColumnElement[bool]] = [ScoreDefinitionRow.archived.is_(query.archived)]
    if query.kind is not None:
        filters.append(ScoreDefinitionRow.kind == query.kind)
    if query.search:
        columns = (ScoreDefinitionRow.name_folded, ScoreDefinitionRow.description_folded)
        filters.append(search(query.search, *columns))
    return filters
