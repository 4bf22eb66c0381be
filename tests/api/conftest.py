from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from assay.adapters.hog.processes import HogProcesses
from assay.contracts.access import Project
from tests.api.llm_analytics import Api
from tests.harness.api import ApiWorld, api_world, judge
from tests.harness.browser import Tab, browser_tab
from tests.harness.draws import draw_one
from tests.harness.hog import hog_processes
from tests.harness.postgres import PostgresServer
from tests.harness.providers import ScriptedProviders

Make = Callable[..., Awaitable[dict[str, Any]]]


_DATABASES = ("sqlite", "postgresql")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of the API runs on one of the databases, which its name draws; `-m long` runs the other.

    What the databases may do differently is tested where they are, in `tests/stores/registry`, on both.
    """
    draw_one(items, Path(__file__).parent, "world", _DATABASES)


@pytest.fixture(scope="session", params=_DATABASES)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[ApiWorld]:
    """The API over a database of each kind."""
    async with request.getfixturevalue(f"{request.param}_url") as url, api_world(url) as world:
        yield world


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> AbstractAsyncContextManager[str]:
    return nullcontext(f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('api')}/registry.sqlite")


@pytest.fixture(scope="session")
def postgresql_url(postgres: PostgresServer) -> AbstractAsyncContextManager[str]:
    return postgres.database()


@pytest.fixture
async def project(world: ApiWorld) -> Project:
    """A project of the test's own, so that lists hold only what the test made."""
    return await world.new_project()


@pytest.fixture(scope="session")
async def tab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    """One browser for all tests of pages."""
    async with browser_tab(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture
def providers() -> ScriptedProviders:
    """What model providers say in this test."""
    return ScriptedProviders()


@pytest.fixture(scope="session")
async def hog() -> AsyncIterator[HogProcesses]:
    """Real processes for Hog programs; they start with the first program."""
    async with hog_processes() as processes:
        yield processes


@pytest.fixture
async def client(
    world: ApiWorld, providers: ScriptedProviders, hog: HogProcesses
) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(providers=providers, hog=hog) as client:
        yield client


@pytest.fixture
def api(client: httpx.AsyncClient, project: Project) -> Api:
    """Requests below `llm_analytics` of the test's own project."""
    return Api(client, project)


@pytest.fixture
def url(project: Project) -> str:
    """The list of evaluations of the test's own project."""
    return f"/api/environments/{project.id}/evaluations/"


@pytest.fixture
def make(client: httpx.AsyncClient, url: str) -> Make:
    """Create an evaluation in the test's own project."""

    async def make(**fields: Any) -> dict[str, Any]:
        response = await client.post(url, json=judge(**fields))
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    return make
