from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from itertools import count
from pathlib import Path

import pytest
from temporalio.client import Client

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.adapters.compute import ComputeProcesses
from assay.runtime.settings import prepare_environment_for_litellm
from tests.harness.answers import AnsweringModel
from tests.workflows.clustering_runs.world import ClusteringWorld, clustering_world

_numbers = count(2)

type Make = Callable[..., AbstractAsyncContextManager[ClusteringWorld]]


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


@pytest.fixture(scope="package")
async def compute() -> AsyncIterator[ComputeProcesses]:
    processes = ComputeProcesses(processes=1)
    yield processes
    await processes.close()


@pytest.fixture
def model(provider: AnsweringModel) -> Iterator[AnsweringModel]:
    provider.reset()
    yield provider
    provider.open.set()


@pytest.fixture
def make(
    tmp_path: Path,
    events: ClickHouseEventStore,
    server: Client,
    model: AnsweringModel,
    compute: ComputeProcesses,
) -> Make:
    def made(**options: bool) -> AbstractAsyncContextManager[ClusteringWorld]:
        return clustering_world(
            tmp_path, events, server, model, compute=compute, project_number=next(_numbers), **options
        )

    return made


@pytest.fixture
async def world(make: Make) -> AsyncIterator[ClusteringWorld]:
    async with make() as world:
        yield world


@pytest.fixture(params=["house", "consent"])
async def unasked(request: pytest.FixtureRequest, make: Make) -> AsyncIterator[ClusteringWorld]:
    """Nobody has access to a model, or texts must not be sent to it."""
    async with make(**{request.param: False}) as world:
        yield world
