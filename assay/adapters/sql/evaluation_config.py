"""The evaluation settings of projects in SQL."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql import provider_key_use as use
from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.provider_key_rows import find_key
from assay.adapters.sql.provider_keys import SqlProviderKeys
from assay.adapters.sql.tables import EvaluationConfigRow
from assay.contracts.evaluation_config import EvaluationConfig
from assay.contracts.provider_keys import KeyState, OpenedKey
from assay.domain.provider_keys import is_usable
from assay.errors import NotFound, NotPossible


class SqlEvaluationConfig:
    """`assay.ports.EvaluationConfigRepository` on the registry's database."""

    def __init__(self, database: Database, keys: SqlProviderKeys) -> None:
        self._database = database
        self._keys = keys

    async def get(self, project_id: int) -> EvaluationConfig:
        """The settings of a project.

        Raises:
            StoreRejected: there is no such project.
        """
        async with self._database.read() as session:
            found = await _find(session, project_id)
        if found is not None:
            return found
        async with self._database.write() as session:
            await use.lock(session, project_id)
            await use.ensure_config(session, project_id)
            return await _stored(session, project_id)

    async def set_active_key(self, project_id: int, key_id: UUID) -> EvaluationConfig:
        """Make a key the active one.

        Raises:
            NotFound: the project has no such key.
            NotPossible: its state is not `ok`.
        """
        async with self._database.write() as session:
            await use.lock(session, project_id)
            key = await find_key(session, project_id, key_id)
            if key is None:
                raise NotFound("Provider key not found.")
            if key.state is not KeyState.OK:
                raise NotPossible(f"A key in the state '{key.state}' cannot be the active one: validate it.")
            await use.activate(session, project_id, key_id)
            return await _stored(session, project_id)

    async def open_active_key(self, project_id: int) -> OpenedKey | None:
        """The active key with its secret; None if the project has none, or it is not usable now.

        Raises:
            ProviderKeyUnreadable: no configured secret opens it.
        """
        async with self._database.read() as session:
            found = await _find(session, project_id)
        active = None if found is None else found.active_provider_key
        if active is None or not is_usable(active, utc_now()):
            return None
        return await self._keys.open(project_id, active.id)


async def _find(session: AsyncSession, project_id: int) -> EvaluationConfig | None:
    row = await session.get(EvaluationConfigRow, project_id, populate_existing=True)
    if row is None:
        return None
    active = row.active_provider_key_id
    return EvaluationConfig(
        project_id=project_id,
        active_provider_key=None if active is None else await find_key(session, project_id, active),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def _stored(session: AsyncSession, project_id: int) -> EvaluationConfig:
    """What this transaction has written, as the database keeps it."""
    found = await _find(session, project_id)
    if found is None:
        raise LookupError("The evaluation settings are gone within their own transaction.")
    return found
