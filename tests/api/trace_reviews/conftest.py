from __future__ import annotations

from typing import Any

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make


@pytest.fixture
def root(project: Project) -> str:
    """What the paths of the test's own project begin with."""
    return f"/api/environments/{project.id}/llm_analytics/"


@pytest.fixture
def url(root: str) -> str:
    """The list of trace reviews of the test's own project."""
    return f"{root}trace_reviews/"


@pytest.fixture
def make(client: httpx.AsyncClient, url: str) -> Make:
    """Review a trace in the test's own project."""

    async def make(**fields: Any) -> dict[str, Any]:
        response = await client.post(url, json={"trace_id": "t"} | fields)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    return make


@pytest.fixture
def define(client: httpx.AsyncClient, root: str) -> Make:
    """Create a score definition in the test's own project."""

    async def define(kind: str = "boolean", name: str = "d", **config: Any) -> dict[str, Any]:
        body = {"name": name, "kind": kind, "config": config}
        response = await client.post(f"{root}score_definitions/", json=body)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    return define
