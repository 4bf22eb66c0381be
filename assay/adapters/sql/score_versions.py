"""Versions of score definitions in SQL: written once, read for ever."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Nullable, Select, and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.authors import author_of
from assay.adapters.sql.clock import new_id
from assay.adapters.sql.storable import MAX_BIGINT
from assay.adapters.sql.tables import (
    MembershipRole,
    MembershipRow,
    ProjectRow,
    ScoreDefinitionRow,
    ScoreDefinitionVersionRow,
    UserRow,
)
from assay.contracts.lists import ListQuery
from assay.contracts.score_definitions import ScoreDefinitionVersion, ScoreKind

type _Found = Select[ScoreDefinitionVersionRow, ScoreKind, UserRow | None, MembershipRole | None]


async def insert_version(
    session: AsyncSession,
    definition_id: UUID,
    version: int,
    config: dict[str, Any],
    *,
    at: datetime,
    created_by: int | None,
) -> None:
    """Write a new version; the caller holds the definition's row and makes it point here."""
    await session.execute(
        insert(ScoreDefinitionVersionRow).values(
            id=new_id(),
            definition_id=definition_id,
            version=version,
            config=config,
            created_at=at,
            created_by_id=created_by,
        )
    )


async def versions_page(
    session: AsyncSession, project_id: int, definition_id: UUID, query: ListQuery
) -> tuple[int, list[ScoreDefinitionVersion]]:
    """Number of versions of a definition, and one page of them, newest first."""
    matches = and_(
        ScoreDefinitionRow.project_id == project_id, ScoreDefinitionVersionRow.definition_id == definition_id
    )
    count = (
        select(func.count()).select_from(ScoreDefinitionVersionRow).join(ScoreDefinitionRow, _OF_DEFINITION)
    )
    page = (
        _all()
        .where(matches)
        .order_by(ScoreDefinitionVersionRow.version.desc())
        .limit(query.limit)
        .offset(min(query.offset, MAX_BIGINT))
    )
    total = await session.scalar(count.where(matches))
    return total or 0, [_version(*row) for row in (await session.execute(page)).all()]


async def versions_by_id(
    session: AsyncSession, project_id: int, version_ids: Collection[UUID]
) -> list[ScoreDefinitionVersion]:
    """Those of the versions that the project has, in no order."""
    statement = _all().where(
        ScoreDefinitionRow.project_id == project_id, ScoreDefinitionVersionRow.id.in_(version_ids)
    )
    return [_version(*row) for row in (await session.execute(statement)).all()]


_OF_DEFINITION: ColumnElement[bool] = ScoreDefinitionRow.id == ScoreDefinitionVersionRow.definition_id


def _all() -> _Found:
    """All versions, each with its definition's kind, its author and the author's role."""
    in_organization = and_(
        MembershipRow.user_id == UserRow.id, MembershipRow.organization_id == ProjectRow.organization_id
    )
    return (
        select(
            ScoreDefinitionVersionRow,
            ScoreDefinitionRow.kind,
            Nullable(UserRow),
            Nullable(MembershipRow.role),
        )
        .join(ScoreDefinitionRow, _OF_DEFINITION)
        .join(ProjectRow, ProjectRow.id == ScoreDefinitionRow.project_id)
        .outerjoin(UserRow, UserRow.id == ScoreDefinitionVersionRow.created_by_id)
        .outerjoin(MembershipRow, in_organization)
    )


def _version(
    row: ScoreDefinitionVersionRow, kind: ScoreKind, author: UserRow | None, role: MembershipRole | None
) -> ScoreDefinitionVersion:
    return ScoreDefinitionVersion(
        id=row.id,
        definition_id=row.definition_id,
        version=row.version,
        kind=kind,
        config=row.config,
        created_at=row.created_at,
        created_by=author_of(author, role),
    )
