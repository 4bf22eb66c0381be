from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.adapters.sql import SqlRegistry, bootstrap, open_registry
from assay.adapters.testing import ScriptedModelServer
from assay.runtime.settings import prepare_environment_for_litellm
from tests.activities.world import World
from tests.harness.registry import new_registry


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[SqlRegistry]:
    registry = open_registry(
        await new_registry(tmp_path / "registry.sqlite"), secrets=["a-secret-for-this-test"]
    )
    await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=True)
    yield registry
    await registry.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedModelServer]:
    prepare_environment_for_litellm()
    with ScriptedModelServer() as server:
        yield server


@pytest.fixture
def model(provider: ScriptedModelServer) -> ScriptedModelServer:
    provider.reset()
    return provider


@pytest.fixture
def world(registry: SqlRegistry, events: ClickHouseEventStore, model: ScriptedModelServer) -> World:
    return World(registry, events, model)
