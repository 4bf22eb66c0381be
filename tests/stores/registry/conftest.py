"""Every test that takes one of these fixtures runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from assay.adapters.sql import BootstrapResult, SqlRegistry, bootstrap, open_registry
from assay.ports import Registry
from tests.harness.postgres import PostgresServer
from tests.stores.registry.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.stores.registry.support import SECRETS


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("registries"))


@pytest.fixture(scope="session")
def postgresql_databases(postgres: PostgresServer) -> Databases:
    return PostgresDatabases(postgres)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    found: Databases = request.getfixturevalue(f"{request.param}_databases")
    return found


@pytest.fixture
async def empty_url(databases: Databases) -> AsyncIterator[str]:
    """URL of a database without a schema."""
    async with databases.empty() as url:
        yield url


@pytest.fixture
async def url(databases: Databases) -> AsyncIterator[str]:
    """URL of a database with the schema and no rows."""
    async with databases.migrated() as url:
        yield url


@pytest.fixture
async def blank(url: str) -> AsyncIterator[SqlRegistry]:
    """A registry with the schema and no rows."""
    registry = open_registry(url, secrets=SECRETS)
    yield registry
    await registry.close()


@pytest.fixture
async def start(blank: SqlRegistry) -> BootstrapResult:
    """What the first start made: project 1 and a key."""
    return await bootstrap(
        blank, api_key=None, project_token=None, user_email="ada@example.com", ai_consent=True
    )


@pytest.fixture
async def registry(blank: SqlRegistry, start: BootstrapResult) -> Registry:
    """A bootstrapped registry, seen as its port."""
    return blank


@pytest.fixture
async def second(url: str, start: BootstrapResult) -> AsyncIterator[Registry]:
    """The same registry as another process has it: connections of its own."""
    registry = open_registry(url, secrets=SECRETS)
    yield registry
    await registry.close()
