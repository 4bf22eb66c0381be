from __future__ import annotations

from typing import Any

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make


@pytest.fixture
def reports(project: Project) -> str:
    """The list of reports of the test's own project."""
    return f"/api/environments/{project.id}/llm_analytics/evaluation_reports/"


@pytest.fixture
async def evaluation(make: Make) -> str:
    """Id of an evaluation of the test's own project."""
    created = await make()
    return str(created["id"])


@pytest.fixture
def make_report(client: httpx.AsyncClient, reports: str, evaluation: str) -> Make:
    """Create a report; every 100 results unless said otherwise."""

    async def make_report(**fields: Any) -> dict[str, Any]:
        response = await client.post(
            reports, json={"evaluation": evaluation, "trigger_threshold": 100} | fields
        )
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    return make_report
