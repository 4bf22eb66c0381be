from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.harness.api import judge

URL = "/api/environments/1/llm_analytics/evaluation_summary/"


@pytest.fixture
def make(client: httpx.AsyncClient) -> Callable[..., Awaitable[str]]:
    """Create an evaluation in project 1; returns its id."""

    async def make(**fields: Any) -> str:
        response = await client.post("/api/environments/1/evaluations/", json=judge(**fields))
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    return make


@pytest.fixture
async def evaluation(make: Callable[..., Awaitable[str]]) -> str:
    return await make()


@pytest.fixture
def summarize(client: httpx.AsyncClient) -> Callable[..., Awaitable[httpx.Response]]:
    """Ask for a summary."""

    async def summarize(evaluation: str, **fields: Any) -> httpx.Response:
        return await client.post(URL, json={"evaluation_id": evaluation} | fields)

    return summarize
