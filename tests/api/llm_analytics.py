"""What the tests of provider keys, evaluation settings and models share."""

from __future__ import annotations

from typing import Any

import httpx

from assay.contracts.access import Project

SECRET = "sk-proj-a-secret-that-must-not-be-seen"
NEW_SECRET = "sk-proj-another-one-altogether"
AZURE: dict[str, Any] = {
    "provider": "azure_openai",
    "api_key": "an-azure-secret-1234",
    "azure_endpoint": "https://acme.openai.azure.com",
}


def key_body(**fields: Any) -> dict[str, Any]:
    """The body of a valid key; a field that is set to `...` is left out."""
    body = {"provider": "openai", "name": "Production", "api_key": SECRET} | fields
    return {name: value for name, value in body.items() if value is not ...}


class Api:
    """Requests below `llm_analytics` of one project."""

    def __init__(self, client: httpx.AsyncClient, project: Project) -> None:
        self.client = client
        self.project = project
        self.keys = f"/api/environments/{project.id}/llm_analytics/provider_keys/"
        self.config = f"/api/environments/{project.id}/llm_analytics/evaluation_config/"
        self.models = f"/api/environments/{project.id}/llm_analytics/models/"
        self.validations = f"/api/environments/{project.id}/llm_analytics/provider_key_validations/"

    async def new_key(self, **fields: Any) -> dict[str, Any]:
        """A stored key."""
        response = await self.client.post(self.keys, json=key_body(**fields))
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    async def active_key(self) -> str | None:
        """The id of the active key."""
        active = (await self.client.get(self.config)).json()["active_provider_key"]
        return None if active is None else str(active["id"])
