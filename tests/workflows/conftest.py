from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.harness.temporal import dev_server, time_skipping_server


@pytest.fixture(scope="module")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """One per module: a workflow that a test leaves open keeps the time from being skipped."""
    async with time_skipping_server() as environment:
        yield environment


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[Client]:
    async with dev_server() as client:
        yield client
