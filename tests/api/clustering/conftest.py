from __future__ import annotations

from typing import Any

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make


@pytest.fixture
def config(project: Project) -> str:
    """The clustering configuration of the test's own project."""
    return f"/api/environments/{project.id}/llm_analytics/clustering_config/"


@pytest.fixture
def jobs(project: Project) -> str:
    """The list of clustering jobs of the test's own project."""
    return f"/api/environments/{project.id}/llm_analytics/clustering_jobs/"


@pytest.fixture
def new_job(client: httpx.AsyncClient, jobs: str) -> Make:
    """Create a clustering job in the test's own project."""

    async def new_job(name: str = "Checkout", **fields: Any) -> dict[str, Any]:
        response = await client.post(jobs, json={"name": name, "analysis_level": "trace"} | fields)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    return new_job
