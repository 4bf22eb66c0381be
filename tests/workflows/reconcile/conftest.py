from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest
from temporalio.client import Client

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.adapters.sql import SqlRegistry, bootstrap, migrate, open_registry
from tests.workflows.reconcile.world import World

_NUMBERS = count(2)


@pytest.fixture(scope="package")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="package")
async def registry(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SqlRegistry]:
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('registry') / 'registry.sqlite'}"
    await migrate(url)
    registry = open_registry(url, secrets=["a-secret-for-this-test"])
    await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=True)
    yield registry
    await registry.close()


@pytest.fixture
async def world(registry: SqlRegistry, events: ClickHouseEventStore, server: Client) -> AsyncIterator[World]:
    project = await registry.access.create_project(f"Project {next(_NUMBERS)}")
    world = World(project.id, registry, events, server)
    async with world.workers():
        yield world
