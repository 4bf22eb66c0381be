from __future__ import annotations

from typing import Any

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make


@pytest.fixture
def url(project: Project) -> str:
    """The list of score definitions of the test's own project."""
    return f"/api/environments/{project.id}/llm_analytics/score_definitions/"


@pytest.fixture
def make(client: httpx.AsyncClient, url: str) -> Make:
    """Create a score definition in the test's own project."""

    async def make(**fields: Any) -> dict[str, Any]:
        response = await client.post(url, json={"name": "Flag", "kind": "boolean", "config": {}} | fields)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    return make
