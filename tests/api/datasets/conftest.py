from __future__ import annotations

from typing import Any

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make


@pytest.fixture
def datasets(project: Project) -> str:
    """The list of datasets of the test's own project."""
    return f"/api/environments/{project.id}/datasets/"


@pytest.fixture
def items(project: Project) -> str:
    """The list of dataset items of the test's own project."""
    return f"/api/environments/{project.id}/dataset_items/"


@pytest.fixture
def new_dataset(client: httpx.AsyncClient, datasets: str) -> Make:
    """Create a dataset in the test's own project."""

    async def new_dataset(**fields: Any) -> dict[str, Any]:
        return await _created(client, datasets, {"name": "Refunds"} | fields)

    return new_dataset


@pytest.fixture
def new_item(client: httpx.AsyncClient, items: str) -> Make:
    """Create an item in a dataset of the test's own project."""

    async def new_item(dataset: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return await _created(client, items, {"dataset": dataset["id"]} | fields)

    return new_item


async def _created(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await client.post(url, json=body)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created
