from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from tests.harness.temporal import dev_server


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Client]:
    async with dev_server() as client:
        yield client
