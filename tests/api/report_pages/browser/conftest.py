from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api_shim.app import create_app
from tests.api.report_pages.conftest import Results, fortnight
from tests.harness.api import ApiWorld, api_world
from tests.harness.serving import served


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiWorld]:
    """The API on one database: a browser does not see which."""
    folder = tmp_path_factory.mktemp("browser-world")
    async with api_world(f"sqlite+aiosqlite:///{folder}/registry.sqlite") as world:
        yield world


@asynccontextmanager
async def serving(world: ApiWorld, results: object) -> AsyncIterator[str]:
    """Where a real server serves the pages, while it does."""
    async with served(create_app(world.deps(report_data=results))) as origin:
        yield origin


@pytest.fixture
async def origin(world: ApiWorld) -> AsyncIterator[str]:
    """Where the pages are served, with a fortnight of results."""
    async with serving(world, Results(fortnight())) as origin:
        yield origin
