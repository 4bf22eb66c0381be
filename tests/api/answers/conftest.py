"""One event store, Temporal server and model provider for all endpoints whose answers a model makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.runtime.settings import prepare_environment_for_litellm
from tests.harness.answers import AnsweringModel, AnswerWorld, answer_world
from tests.harness.temporal import dev_server


@pytest.fixture(scope="package")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="package")
async def temporal() -> AsyncIterator[Client]:
    async with dev_server() as client:
        yield client


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
async def answers(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client, model: AnsweringModel
) -> AsyncIterator[AnswerWorld]:
    async with answer_world(tmp_path, events, temporal, model) as world:
        yield world


@pytest.fixture
async def client(answers: AnswerWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with answers.client() as client:
        yield client
