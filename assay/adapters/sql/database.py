"""One engine for SQLite and PostgreSQL: how it connects, how transactions begin, what failures mean."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from assay.errors import SetupError, StoreRejected, StoreUnavailable

_LOCK_WAIT_SECONDS = 15.0
"""How long a SQLite writer waits for the one before it."""

_CONNECT_SECONDS = 10.0
STATEMENT_SECONDS = 30.0
"""Longest wait for PostgreSQL's answer to one statement, so that a lost peer cannot hold a request."""

_WRITES = "assay_writes"

to_json = partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
"""How JSON is stored: compact, letters as letters."""


def connect(url: str, *, statement_seconds: float | None = STATEMENT_SECONDS) -> AsyncEngine:
    """An engine for a registry; it connects when it is first used.

    Args:
        url: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://user:password@host/database`; the
            driver's name may be left out.
        statement_seconds: limit of one statement on PostgreSQL; None is no limit.

    Raises:
        SetupError: the URL cannot be read, names another database, or a folder that does not exist.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The error's own text holds the URL and with it the password.
        raise SetupError("The registry's URL cannot be read.") from None
    if parsed.drivername.startswith("sqlite"):
        return _sqlite_engine(parsed)
    if parsed.drivername.startswith("postgres"):
        return _postgresql_engine(parsed, statement_seconds)
    raise SetupError(f"The registry runs on SQLite or PostgreSQL, not on {parsed.drivername!r}.")


def _sqlite_engine(url: URL) -> AsyncEngine:
    if url.database is None or url.database in {"", ":memory:"}:
        raise SetupError("The registry needs a file: an SQLite database in memory has one connection only.")
    folder = Path(url.database).parent
    if not folder.is_dir():
        raise SetupError(f"The registry's SQLite file cannot be made: there is no folder {folder}.")
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        # The driver must not begin transactions by itself: it would do so late, and never exclusively.
        connect_args={"timeout": _LOCK_WAIT_SECONDS, "isolation_level": None},
        json_serializer=to_json,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the write lock at once. Taking it at the first write could fail after a read: SQLite
    # does not let a transaction write on top of a snapshot that is no longer the newest.
    writes = connection.get_execution_options().get(_WRITES, False)
    statement = "BEGIN IMMEDIATE" if writes else "BEGIN"
    driver: Any = connection.connection.dbapi_connection
    # Past SQLAlchemy's cursor, which would visit the driver's thread four times instead of once. What goes
    # wrong is therefore the driver's own exception.
    driver.run_async(lambda sqlite: sqlite.execute(statement))


def _postgresql_engine(url: URL, statement_seconds: float | None) -> AsyncEngine:
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": statement_seconds,
            "server_settings": {"application_name": "assay"},
        },
        pool_pre_ping=True,
        json_serializer=to_json,
        hide_parameters=True,
    )


class Database:
    """Transactions on an engine made by `connect`; every driver error is translated here."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that does not write.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with translated_errors():
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write: committed at the end of the block, rolled back by an exception.

        On SQLite writers run one after the other; on PostgreSQL take row locks or `exclusively`.

        Raises:
            StoreUnavailable: the database does not answer, or not in time.
            StoreRejected: a constraint was broken.
        """
        with translated_errors():
            async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
                yield session

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


async def exclusively(session: AsyncSession, purpose: str) -> None:
    """Let one transaction at a time go on for `purpose`, across processes, until the transaction ends.

    Args:
        session: a session of `Database.write`; on SQLite that is exclusive already.
        purpose: name of what must not run twice at once.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(purpose, 0))))


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what drivers raise into errors of the catalogue.

    Raises:
        StoreUnavailable: the database cannot be reached, is busy for too long or has no schema yet.
        StoreRejected: the data breaks a constraint or does not fit its column.
    """
    try:
        yield
    except (IntegrityError, DataError) as error:
        # The driver's message quotes the row, tokens included, so it must not reach a log as the cause.
        reason = type(error.orig).__name__
        raise StoreRejected(f"The registry refuses data that breaks its rules ({reason}).") from None
    except (DBAPIError, sqlite3.OperationalError, PoolTimeout, OSError) as error:
        raise StoreUnavailable("The registry cannot be reached.") from error
