"""`/llm_analytics/score_definitions/`."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.contracts.access import Project
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

KEYS = [
    "id",
    "name",
    "description",
    "kind",
    "archived",
    "current_version",
    "current_version_id",
    "config",
    "created_by",
    "created_at",
    "updated_at",
    "team",
]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")
REQUIRED = ("required", "This field is required.")
NULL = ("null", "This field may not be null.")
OPTIONS = [{"key": "low", "label": "Low"}, {"key": "high", "label": "High"}]


async def test_the_smallest_definition(
    world: ApiWorld, client: httpx.AsyncClient, url: str, project: Project
) -> None:
    response = await client.post(url, json={"name": " Flag ", "kind": "boolean", "config": {}})
    body = response.json()
    assert response.status_code == 201
    assert list(body) == KEYS
    assert UUID(body["id"])
    assert UUID(body["current_version_id"])
    assert body["created_at"] == body["updated_at"]
    assert body["created_by"]["email"] == "first@example.com"
    assert (body["name"], body["description"], body["kind"], body["archived"]) == (
        "Flag",
        "",
        "boolean",
        False,
    )
    assert (body["current_version"], body["config"], body["team"]) == (1, {}, project.id)
    assert (await client.get(f"{url}{body['id']}/")).json() == body
    assert (await client.get(url)).json()["results"] == [body]


async def test_the_config_is_stored_normalised_and_nothing_is_filled_in(make: Make) -> None:
    created = await make(
        kind="categorical", description=None, config={"options": [{"key": " LOW ", "label": " Low "}]}
    )
    assert created["config"] == {"options": [{"key": "low", "label": "Low"}]}
    assert created["description"] == ""
    numeric = await make(kind="numeric", config={"max": "5", "step": None})
    assert numeric["config"] == {"max": 5.0, "step": None}


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"name": None}, "name", "null"),
        ({"name": " "}, "name", "blank"),
        ({"name": "x" * 256}, "name", "max_length"),
        ({"name": "\0"}, "name", "null_characters_not_allowed"),
        ({"description": []}, "description", "invalid_input"),
        ({"kind": "stars"}, "kind", "invalid_choice"),
        ({"kind": None}, "kind", "null"),
        ({"archived": True}, "archived", "invalid_input"),
        ({"archived": "yes", "config": None}, "archived", "invalid_input"),
        ({"archived": None}, "archived", "null"),
        ({"config": None}, "config", "null"),
        ({"config": []}, "config__non_field_errors", "invalid_input"),
        ({"config": {"max": 1}}, "config", "invalid_input"),
        ({"config": {"true_label": ""}}, "config__true_label", "blank"),
        ({"kind": "numeric", "config": {"min": 2, "max": 1}}, "config__max", "invalid_input"),
        ({"kind": "categorical"}, "config__options", "required"),
        (
            {"kind": "categorical", "config": {"options": OPTIONS, "min_selections": 1}},
            "config__min_selections",
            "invalid_input",
        ),
        ({"name": "", "kind": "stars", "config": {"zzz": 1}}, "name", "blank"),
        ({"config": {"true_label": "\0"}}, "config__true_label", "null_characters_not_allowed"),
    ],
)
async def test_the_first_bad_field_is_told_and_nothing_is_made(
    client: httpx.AsyncClient, url: str, fields: dict[str, Any], attr: str, code: str
) -> None:
    body = {"name": "Flag", "kind": "boolean", "config": {}} | fields
    response = await client.post(url, json=body)
    answer = response.json()
    assert (response.status_code, answer["type"]) == (400, "validation_error")
    assert (answer["attr"], answer["code"]) == (attr, code)
    assert (await client.get(url)).json()["count"] == 0


@pytest.mark.parametrize("field", ["name", "kind", "config"])
async def test_required_fields(client: httpx.AsyncClient, url: str, field: str) -> None:
    body = {"name": "Flag", "kind": "boolean", "config": {}}
    del body[field]
    response = await client.post(url, json=body)
    assert response.json() == error("validation_error", *REQUIRED, field)


async def test_unknown_config_keys_are_listed(client: httpx.AsyncClient, url: str) -> None:
    body = {"name": "Flag", "kind": "numeric", "config": {"passing_rule": {}, "step": 0}}
    answer = (await client.post(url, json=body)).json()
    assert answer["attr"] == "config"
    for word in ("Unsupported keys", "passing_rule", "min", "max", "step"):
        assert word in answer["detail"]


async def test_patch_changes_what_is_sent_but_neither_kind_nor_config(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(description="d")
    item = f"{url}{created['id']}/"
    ignored = {"kind": "numeric", "config": {"zzz": 1}, "current_version": 9}
    changed = (await client.patch(item, json={"name": " New ", "archived": "yes"} | ignored)).json()
    assert changed == created | {"name": "New", "archived": True, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > created["updated_at"]
    restored = (await client.patch(item, json={"archived": False, "description": None})).json()
    assert (restored["archived"], restored["description"]) == (False, "")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Flag"},
        {"description": "", "archived": False},
        {"description": None},
        {"config": {"a": 1}},
    ],
    ids=["empty", "name", "defaults", "null", "ignored"],
)
async def test_a_patch_that_changes_nothing_leaves_updated_at(
    client: httpx.AsyncClient, url: str, make: Make, body: dict[str, Any]
) -> None:
    created = await make()
    response = await client.patch(f"{url}{created['id']}/", json=body)
    assert (response.status_code, response.json()) == (200, created)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"name": ""}, ("name", "blank")),
        ({"name": None}, ("name", "null")),
        ({"archived": None}, ("archived", "null")),
        ({"archived": "maybe"}, ("archived", "invalid_input")),
        ({"description": {}}, ("description", "invalid_input")),
    ],
)
async def test_a_bad_patch_changes_nothing(
    client: httpx.AsyncClient, url: str, make: Make, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    created = await make()
    item = f"{url}{created['id']}/"
    answer = (await client.patch(item, json={"name": "New"} | body)).json()
    assert (answer["attr"], answer["code"]) == problem
    assert (await client.get(item)).json() == created


async def test_a_new_version_replaces_the_config_and_keeps_the_old_one(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(kind="numeric", config={"max": 5})
    item = f"{url}{created['id']}/"
    response = await client.post(f"{item}new_version/", json={"config": {"max": 9}, "kind": "boolean"})
    changed = response.json()
    assert response.status_code == 200
    assert (changed["kind"], changed["current_version"], changed["config"]) == ("numeric", 2, {"max": 9})
    assert changed["current_version_id"] != created["current_version_id"]
    assert changed["updated_at"] > created["updated_at"]
    same = await client.post(f"{item}new_version", json={"config": {"max": 9}, "base_version": "2"})
    assert (same.status_code, same.json()["current_version"]) == (200, 3)

    page = (await client.get(f"{item}versions/?limit=2")).json()
    assert list(page["results"][0]) == ["id", "version", "config", "created_by", "created_at"]
    assert page["count"] == 3
    assert [(each["version"], each["config"]) for each in page["results"]] == [
        (3, {"max": 9}),
        (2, {"max": 9}),
    ]
    rest = (await client.get(page["next"])).json()
    assert rest["next"] is None
    assert [(each["version"], each["config"]) for each in rest["results"]] == [(1, {"max": 5})]
    assert rest["results"][0]["id"] == created["current_version_id"]


async def test_a_stale_base_version_is_a_conflict(client: httpx.AsyncClient, url: str, make: Make) -> None:
    created = await make()
    item = f"{url}{created['id']}/"
    await client.post(f"{item}new_version/", json={"config": {}})
    before = (await client.get(item)).json()
    for base_version in (1, 3):
        response = await client.post(
            f"{item}new_version/", json={"config": {"true_label": "x"}, "base_version": base_version}
        )
        assert response.status_code == 409
        assert list(response.json()) == ["detail", "current_version"]
        assert response.json()["current_version"] == 2
        assert isinstance(response.json()["detail"], str)
    assert (await client.get(item)).json() == before


async def test_of_concurrent_new_versions_with_one_base_one_wins(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    item = f"{url}{(await make())['id']}/"
    responses = await asyncio.gather(
        *(
            client.post(f"{item}new_version/", json={"config": {"true_label": str(n)}, "base_version": 1})
            for n in range(6)
        )
    )
    assert sorted(response.status_code for response in responses) == [200] + [409] * 5
    (winner,) = (response.json() for response in responses if response.is_success)
    assert (await client.get(item)).json() == winner


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("config", "required")),
        ({"config": None}, ("config", "null")),
        ({"config": {"max": 1}}, ("config", "invalid_input")),
        ({"config": {"true_label": None}}, ("config__true_label", "null")),
        ({"config": {}, "base_version": None}, ("base_version", "null")),
        ({"config": {}, "base_version": 0}, ("base_version", "min_value")),
        ({"config": {}, "base_version": 1.5}, ("base_version", "invalid_input")),
    ],
)
async def test_a_bad_new_version_is_refused(
    client: httpx.AsyncClient, url: str, make: Make, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    created = await make()
    item = f"{url}{created['id']}/"
    response = await client.post(f"{item}new_version/", json=body)
    answer = response.json()
    assert response.status_code == 400
    assert (answer["attr"], answer["code"]) == problem
    assert (await client.get(item)).json() == created


async def test_archived_definitions_are_hidden_but_can_be_used(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    active, archived = await make(name="active"), await make(name="archived")
    item = f"{url}{archived['id']}/"
    await client.patch(item, json={"archived": True})
    assert (await client.get(item)).status_code == 200
    assert (await client.post(f"{item}new_version/", json={"config": {}})).status_code == 200

    for query, found in (
        ("", active),
        ("?archived=", active),
        ("?archived=maybe", active),
        ("?archived=false", active),
        ("?archived=true", archived),
    ):
        results = (await client.get(f"{url}{query}")).json()["results"]
        assert [each["id"] for each in results] == [found["id"]], query


async def test_filters_and_orders(client: httpx.AsyncClient, url: str, make: Make) -> None:
    for name, kind in (("b", "numeric"), ("A", "boolean"), ("c", "numeric")):
        await make(name=name, kind=kind, description=f"About {name.upper()}.")

    async def names(query: str) -> list[str]:
        return [each["name"] for each in (await client.get(f"{url}?{query}")).json()["results"]]

    assert await names("") == ["A", "b", "c"]
    assert await names("order_by=-name") == ["c", "b", "A"]
    assert await names("order_by=kind,-created_at") == ["A", "c", "b"]
    assert await names("kind=numeric") == ["b", "c"]
    assert await names("kind=") == ["A", "b", "c"]
    assert await names("search=about+c") == ["c"]
    assert await names("search=a&limit=1&offset=1") == ["b"]


@pytest.mark.parametrize(
    ("query", "attr"),
    [("kind=stars", "kind"), ("order_by=team", "order_by"), ("order_by=name,x", "order_by")],
)
async def test_bad_filters(client: httpx.AsyncClient, url: str, query: str, attr: str) -> None:
    response = await client.get(f"{url}?{query}")
    answer = response.json()
    assert (response.status_code, answer["code"], answer["attr"]) == (400, "invalid_choice", attr)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_definitions_are_neither_replaced_nor_deleted(
    client: httpx.AsyncClient, url: str, make: Make, method: str
) -> None:
    created = await make()
    response = await client.request(method, f"{url}{created['id']}/", json={"name": "x"})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert (await client.get(f"{url}{created['id']}/")).json() == created


async def test_unknown_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make()
    foreign = f"/api/environments/1/llm_analytics/score_definitions/{created['id']}/"
    for item in (f"{url}{uuid4()}/", f"{url}zzz/", foreign):
        for method, path in (("GET", ""), ("PATCH", ""), ("POST", "new_version/"), ("GET", "versions/")):
            response = await client.request(method, f"{item}{path}", json={"name": ""})
            assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_scopes(world: ApiWorld, url: str, make: Make) -> None:
    item = f"{url}{(await make())['id']}/"
    async with world.client(key=await world.new_key("llm_analytics:read")) as reader:
        for address in (url, item, f"{item}versions/"):
            assert (await reader.get(address)).status_code == 200
        for method, address in (("POST", url), ("PATCH", item), ("POST", f"{item}new_version/")):
            response = await reader.request(method, address, json={})
            assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    async with world.client(key=await world.new_key("evaluation:write")) as other:
        assert (await other.get(url)).status_code == 403
    async with world.client(key=await world.new_key("llm_analytics:write")) as writer:
        assert (await writer.post(f"{item}new_version/", json={"config": {}})).status_code == 200


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
_config = st.dictionaries(
    st.sampled_from(["options", "selection_mode", "min_selections", "min", "step", "true_label"]),
    _json | st.just(OPTIONS) | st.just("multiple"),
    max_size=3,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["categorical", "numeric", "boolean"]), config=_config | _json)
async def test_any_config_is_accepted_or_refused_in_the_standard_body(
    client: httpx.AsyncClient, url: str, kind: str, config: Any
) -> None:
    content = json.dumps({"name": "Any", "kind": kind, "config": config}).encode()
    response = await client.post(url, content=content, headers={"Content-Type": "application/json"})
    if response.status_code != 201:
        assert (response.status_code, list(response.json())) == (400, ["type", "code", "detail", "attr"])
        return
    again = await client.post(
        f"{url}{response.json()['id']}/new_version/", json={"config": response.json()["config"]}
    )
    assert again.json()["config"] == response.json()["config"]
