"""The registry: all repositories on one database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from assay.adapters.sql.access import SqlAccess
from assay.adapters.sql.credentials import KeyHasher
from assay.adapters.sql.database import Database, connect
from assay.adapters.sql.evaluations import SqlEvaluations
from assay.adapters.sql.trial import SqlTrialLedger


class SqlRegistry:
    """`assay.ports.Registry` on SQLite or PostgreSQL.

    Use it on one event loop. Its schema is made by `migrate`, its first rows by `bootstrap`.

    Args:
        engine: made by `database.connect`; `close` closes it.
        hasher: what API keys are recognised by.

    Attributes:
        evaluations, access, trial: the repositories.
        database, hasher: for code of this package that spans repositories.
    """

    def __init__(self, engine: AsyncEngine, hasher: KeyHasher) -> None:
        self.database = Database(engine)
        self.hasher = hasher
        self.evaluations = SqlEvaluations(self.database)
        self.access = SqlAccess(self.database, hasher)
        self.trial = SqlTrialLedger(self.database)

    async def ping(self) -> None:
        """Prove that the registry answers.

        Raises:
            StoreUnavailable: it does not.
        """
        async with self.database.read() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Release all connections."""
        await self.database.close()


def open_registry(url: str, *, secrets: Sequence[str]) -> SqlRegistry:
    """The registry at `url`; it connects when it is first used.

    Args:
        url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/database`.
        secrets: the operator's secrets, newest first; API keys are hashed with the first and recognised
            with all.

    Raises:
        SetupError: the URL or the secrets cannot be used.
    """
    return SqlRegistry(connect(url), KeyHasher(secrets))
