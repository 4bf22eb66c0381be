"""Finding and locking provider keys within a transaction."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql import records
from assay.adapters.sql.authors import WithAuthor, with_author
from assay.adapters.sql.tables import ProviderKeyRow
from assay.contracts.provider_keys import ProviderKey
from assay.errors import Conflict


def is_key(project_id: int, key_id: UUID) -> ColumnElement[bool]:
    """Whether a row is this key of this project."""
    return and_(ProviderKeyRow.project_id == project_id, ProviderKeyRow.id == key_id)


def one_key(project_id: int, key_id: UUID) -> WithAuthor[ProviderKeyRow]:
    """Selects one key of a project with its author, as it is stored now."""
    return (
        with_author(ProviderKeyRow)
        .where(is_key(project_id, key_id))
        .execution_options(populate_existing=True)
    )


async def find_key(session: AsyncSession, project_id: int, key_id: UUID) -> ProviderKey | None:
    """One key of a project, as this transaction sees it, or None."""
    row = (await session.execute(one_key(project_id, key_id))).first()
    return None if row is None else records.provider_key(*row)


async def stored_key(session: AsyncSession, project_id: int, key_id: UUID) -> ProviderKey:
    """What this transaction has written, as the database keeps it."""
    return records.provider_key(*(await session.execute(one_key(project_id, key_id))).one())


async def lock_key(session: AsyncSession, project_id: int, key_id: UUID) -> ProviderKeyRow | None:
    """The row, for this transaction to change; other tables may still refer to it meanwhile."""
    statement = select(ProviderKeyRow).where(is_key(project_id, key_id)).with_for_update(key_share=True)
    return (await session.scalars(statement)).first()


def changed_meanwhile() -> Conflict:
    """What is raised when a change was decided for another version of a key."""
    return Conflict("The key was changed by somebody else meanwhile: look at it and try again.")
