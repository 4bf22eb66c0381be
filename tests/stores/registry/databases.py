"""Fresh databases of both kinds, empty or with the schema, cheap enough for one per test."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from assay.adapters.sql import migrate
from tests.harness.postgres import PostgresServer

_TEMPLATE = "registry_template"


class Databases(Protocol):
    """Where a test gets its database from; each context yields a URL and cleans up."""

    def empty(self) -> AbstractAsyncContextManager[str]:
        """A database without a schema."""

    def migrated(self) -> AbstractAsyncContextManager[str]:
        """A database with the newest schema and no rows."""


class SqliteDatabases:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._template = folder / _TEMPLATE

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        yield _sqlite_url(self._fresh_path())

    @asynccontextmanager
    async def migrated(self) -> AsyncIterator[str]:
        if not self._template.exists():
            await migrate(_sqlite_url(self._template))
        path = self._fresh_path()
        shutil.copy(self._template, path)
        yield _sqlite_url(path)

    def _fresh_path(self) -> Path:
        return self._folder / f"{next(self._numbers)}.sqlite"


class PostgresDatabases:
    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._has_template = False

    def empty(self) -> AbstractAsyncContextManager[str]:
        return self._server.database()

    @asynccontextmanager
    async def migrated(self) -> AsyncIterator[str]:
        if not self._has_template:
            await self._server.execute(f"CREATE DATABASE {_TEMPLATE}")
            await migrate(self._server.url(_TEMPLATE))
            self._has_template = True
        async with self._server.database(template=_TEMPLATE) as url:
            yield url


def _sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"
