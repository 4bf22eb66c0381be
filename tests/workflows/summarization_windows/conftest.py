from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from temporalio.client import Client

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.runtime.settings import prepare_environment_for_litellm
from tests.harness.answers import AnsweringModel
from tests.workflows.summarization_windows.world import WindowWorld, window_world

_numbers = count(2)


@pytest.fixture(scope="package")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="package")
def provider() -> Iterator[AnsweringModel]:
    prepare_environment_for_litellm()
    with AnsweringModel() as server:
        yield server


@pytest.fixture
def model(provider: AnsweringModel) -> Iterator[AnsweringModel]:
    provider.reset()
    yield provider
    provider.open.set()


@pytest.fixture
async def world(
    tmp_path: Path, events: ClickHouseEventStore, server: Client, model: AnsweringModel
) -> AsyncIterator[WindowWorld]:
    async with window_world(tmp_path, events, server, model, next(_numbers)) as world:
        yield world


@pytest.fixture
async def keyless(
    tmp_path: Path, events: ClickHouseEventStore, server: Client, model: AnsweringModel
) -> AsyncIterator[WindowWorld]:
    """Nobody has access to a model."""
    async with window_world(tmp_path, events, server, model, next(_numbers), house=False) as world:
        yield world
