"""Schema migrations of the registry: numbered steps in `versions/`, applied by Alembic.

A step runs in one transaction with all others that are missing, on SQLite too. A step that rebuilds a
table on SQLite (batch mode) must copy every row that refers to it as well: foreign keys are enforced, and
dropping the old table deletes its rows first. Its CHECKs are copied if they have names.
"""

from __future__ import annotations

import asyncio
import threading

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from assay.adapters.sql.database import Database, connect, exclusively
from assay.errors import SetupError

_ALEMBIC = threading.Lock()
"""Alembic's `op` and `context` are global, so a process runs one migration at a time."""


async def migrate(url: str) -> list[str]:
    """Bring the schema up to date; safe while other processes do the same.

    Args:
        url: as for `open_registry`.

    Returns:
        The steps that this call applied, oldest first; none if the schema was up to date.

    Raises:
        SetupError: the URL cannot be used, or the registry was made by a newer version of Assay.
        StoreUnavailable: the database does not answer.
    """
    return await asyncio.to_thread(_migrate, url)


def _migrate(url: str) -> list[str]:
    with _ALEMBIC:
        return asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> list[str]:
    database = Database(connect(url, statement_seconds=None))
    try:
        async with database.write() as session:
            await exclusively(session, "assay registry migrations")
            connection = await session.connection()
            return await connection.run_sync(_apply_missing_steps)
    finally:
        await database.close()


def _apply_missing_steps(connection: Connection) -> list[str]:
    applied: list[str] = []
    config = Config()
    config.set_main_option("script_location", "assay.adapters.sql:migrations")
    config.attributes.update(connection=connection, applied=applied)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SetupError(
            f"The registry's schema is not one that this version of Assay knows: {error}"
        ) from error
    return applied
