"""One event store of each kind for the whole package; tests keep apart by project."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from assay.adapters.clickhouse.embedded import open_embedded
from assay.adapters.clickhouse.server import open_server
from tests.harness.clickhouse_http import clickhouse_server
from tests.harness.draws import draw_one
from tests.stores.events.support import Backend

_projects = count(1)

_BACKENDS = ("embedded", "server")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test runs on one kind of store: both are the same engine, behind two ways to speak to it."""
    draw_one(items, Path(__file__).parent, "backend", _BACKENDS)


@pytest.fixture(scope="package")
def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture(scope="package")
def embedded(embedded_folder: Path) -> Iterator[Backend]:
    backend = Backend(open_embedded(embedded_folder))
    backend.store.migrate()
    yield backend
    backend.store.close()


@pytest.fixture(scope="package")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with clickhouse_server(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(scope="package")
def server(server_url: str) -> Iterator[Backend]:
    backend = Backend(open_server(f"{server_url}/assay"))
    backend.store.migrate()
    yield backend
    backend.store.close()


@pytest.fixture(params=_BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def project() -> int:
    return next(_projects)
