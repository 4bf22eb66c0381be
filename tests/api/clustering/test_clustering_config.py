"""`/llm_analytics/clustering_config/`."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.harness.api import ApiWorld

FILTERS = [
    {"key": "$ai_model", "value": ["gpt-5", 1.0, None], "operator": "exact", "type": "event"},
    {"type": "no such type"},
    "not even an object",
    [1],
    None,
]


async def test_it_is_made_when_it_is_first_read(client: httpx.AsyncClient, config: str) -> None:
    bodies = [response.json() for response in await asyncio.gather(*(client.get(config) for _ in range(8)))]
    assert list(bodies[0]) == ["event_filters", "created_at", "updated_at"]
    assert bodies[0]["event_filters"] == []
    assert bodies[0]["created_at"].endswith("Z")
    assert all(body == bodies[0] for body in bodies)


async def test_filters_are_replaced_and_come_back_as_they_were_sent(
    client: httpx.AsyncClient, config: str
) -> None:
    before = (await client.get(config)).json()
    response = await client.post(f"{config}set_event_filters/", json={"event_filters": FILTERS})
    assert response.status_code == 200
    changed = response.json()
    assert repr(changed["event_filters"]) == repr(FILTERS)
    assert changed["created_at"] == before["created_at"]
    assert changed["updated_at"] > before["updated_at"]
    assert (await client.get(config.rstrip("/"))).json() == changed
    cleared = await client.post(f"{config}set_event_filters", json={"event_filters": []})
    assert (cleared.status_code, cleared.json()["event_filters"]) == (200, [])
    assert cleared.json()["updated_at"] > changed["updated_at"]


async def test_filters_may_come_in_a_form(client: httpx.AsyncClient, config: str) -> None:
    response = await client.post(f"{config}set_event_filters/", data={"event_filters": '[{"key": "a"}]'})
    assert (response.status_code, response.json()["event_filters"]) == (200, [{"key": "a"}])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ("event_filters", "required")),
        ({"event_filters": None}, ("event_filters", "null")),
        ({"event_filters": {"key": "a"}}, ("event_filters", "list")),
        ({"event_filters": "[]"}, ("event_filters", "list")),
        ({"event_filters": 5}, ("event_filters", "list")),
        ({"event_filters": ["\0"]}, ("event_filters", "Null characters")),
        ([], ("Expected a dictionary",)),
    ],
)
async def test_refusals_are_bare(
    client: httpx.AsyncClient, config: str, body: Any, words: tuple[str, ...]
) -> None:
    response = await client.post(f"{config}set_event_filters/", json=body)
    assert response.status_code == 400
    assert list(response.json()) == ["detail"]
    for word in words:
        assert word in response.json()["detail"]
    assert (await client.get(config)).json()["event_filters"] == []


async def test_projects_have_their_own(world: ApiWorld, client: httpx.AsyncClient, config: str) -> None:
    await client.post(f"{config}set_event_filters/", json={"event_filters": FILTERS})
    other = await world.new_project()
    url = f"/api/projects/{other.id}/llm_analytics/clustering_config/"
    assert (await client.get(url)).json()["event_filters"] == []


async def test_scopes(world: ApiWorld, config: str) -> None:
    body = {"event_filters": []}
    async with world.client(key=await world.new_key("llm_analytics:read")) as reader:
        assert (await reader.get(config)).status_code == 200
        response = await reader.post(f"{config}set_event_filters/", json=body)
        assert response.status_code == 403
        assert "llm_analytics:write" in response.json()["detail"]
    async with world.client(key=await world.new_key("llm_analytics:write")) as writer:
        assert (await writer.post(f"{config}set_event_filters/", json=body)).status_code == 200
        assert (await writer.get(config)).status_code == 200
    async with world.client(key=await world.new_key("evaluation:write")) as other:
        assert (await other.get(config)).status_code == 403


async def test_other_methods(client: httpx.AsyncClient, config: str) -> None:
    for method, url in (("POST", config), ("DELETE", config), ("GET", f"{config}set_event_filters/")):
        response = await client.request(method, url)
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
