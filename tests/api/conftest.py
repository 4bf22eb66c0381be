from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from assay.contracts.access import Project
from tests.harness.api import ApiWorld, api_world, judge

Make = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiWorld]:
    async with api_world(tmp_path_factory.mktemp("api")) as world:
        yield world


@pytest.fixture
async def project(world: ApiWorld) -> Project:
    """A project of the test's own, so that lists hold only what the test made."""
    return await world.new_project()


@pytest.fixture
async def client(world: ApiWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client


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
