from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from assay.adapters.clickhouse import ClickHouseEventStore
from tests.harness.sentiment import ScriptedSentiment, SentimentWorld, sentiment_world


@pytest.fixture
async def backend() -> ScriptedSentiment:
    return ScriptedSentiment()


@pytest.fixture
async def world(
    tmp_path: Path, events: ClickHouseEventStore, temporal: Client, backend: ScriptedSentiment
) -> AsyncIterator[SentimentWorld]:
    async with sentiment_world(tmp_path, events, temporal, backend) as world:
        yield world


@pytest.fixture
async def client(world: SentimentWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client
