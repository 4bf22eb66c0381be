"""`/llm_analytics/trace_reviews/`: reviews, without what is particular to scores."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

KEYS = [
    "id",
    "trace_id",
    "comment",
    "created_at",
    "updated_at",
    "created_by",
    "reviewed_by",
    "scores",
    "team",
]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")


async def test_the_smallest_review(client: httpx.AsyncClient, url: str, project: Project) -> None:
    response = await client.post(url, json={"trace_id": " t "})
    body = response.json()
    assert response.status_code == 201
    assert list(body) == KEYS
    assert UUID(body["id"])
    assert (body["trace_id"], body["comment"], body["scores"], body["team"]) == ("t", None, [], project.id)
    assert body["created_by"]["email"] == "first@example.com"
    assert body["reviewed_by"] == body["created_by"]
    assert body["created_at"] == body["updated_at"]
    assert (await client.get(f"{url}{body['id']}/")).json() == body
    assert (await client.get(url)).json()["results"] == [body]


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "trace_id", "required"),
        ({"trace_id": None}, "trace_id", "null"),
        ({"trace_id": " "}, "trace_id", "blank"),
        ({"trace_id": "x" * 256}, "trace_id", "max_length"),
        ({"trace_id": "\0"}, "trace_id", "null_characters_not_allowed"),
        ({"trace_id": "t", "comment": []}, "comment", "invalid_input"),
        ({"trace_id": "t", "scores": None}, "scores", "null"),
        ({"trace_id": "t", "scores": {}}, "scores", "not_a_list"),
        ({"trace_id": "t", "scores": [{}] * 501}, "scores", "max_length"),
        ({"trace_id": "t", "queue_id": "zzz"}, "queue_id", "invalid_input"),
        ([], None, "invalid_input"),
    ],
)
async def test_bad_bodies(
    client: httpx.AsyncClient, url: str, body: Any, attr: str | None, code: str
) -> None:
    response = await client.post(url, json=body)
    answer = response.json()
    assert (response.status_code, answer["type"]) == (400, "validation_error")
    assert (answer["attr"], answer["code"]) == (attr, code)
    assert (await client.get(url)).json()["count"] == 0


async def test_a_second_review_of_a_trace_is_refused(client: httpx.AsyncClient, url: str, make: Make) -> None:
    await make(trace_id="t")
    answer = (await client.post(url, json={"trace_id": "t"})).json()
    assert (answer["type"], answer["attr"], answer["code"]) == (
        "validation_error",
        "trace_id",
        "invalid_input",
    )
    await make(trace_id="T")


async def test_of_concurrent_reviews_of_a_trace_one_is_made(client: httpx.AsyncClient, url: str) -> None:
    responses = await asyncio.gather(*(client.post(url, json={"trace_id": "t"}) for _ in range(6)))
    assert sorted(response.status_code for response in responses) == [201] + [400] * 5
    refused = [response.json() for response in responses if response.status_code == 400]
    assert {(answer["attr"], answer["code"]) for answer in refused} == {("trace_id", "invalid_input")}


async def test_patch_keeps_what_is_not_sent_and_always_moves_updated_at(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make(comment="c")
    item = f"{url}{created['id']}/"
    for body, comment in (
        ({}, "c"),
        ({"comment": " d "}, "d"),
        ({"trace_id": " t"}, "d"),
        ({"comment": " "}, None),
    ):
        before = (await client.get(item)).json()
        changed = await client.patch(item, json=body)
        assert changed.status_code == 200
        assert changed.json() == before | {"comment": comment, "updated_at": changed.json()["updated_at"]}
        assert changed.json()["updated_at"] > before["updated_at"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"trace_id": "other"}, ("trace_id", "invalid_input")),
        ({"trace_id": None}, ("trace_id", "null")),
        ({"scores": None}, ("scores", "null")),
        ({"queue_id": "zzz"}, ("queue_id", "invalid_input")),
    ],
)
async def test_a_bad_patch_changes_nothing(
    client: httpx.AsyncClient, url: str, make: Make, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    created = await make()
    item = f"{url}{created['id']}/"
    response = await client.patch(item, json={"comment": "x"} | body)
    assert response.status_code == 400
    assert (response.json()["attr"], response.json()["code"]) == problem
    assert (await client.get(item)).json() == created


async def test_a_deleted_review_is_gone_and_the_trace_is_free(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make()
    item = f"{url}{created['id']}/"
    response = await client.delete(item)
    assert (response.status_code, response.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        response = await client.request(method, item)
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert (await client.get(url)).json()["count"] == 0
    assert (await make())["id"] != created["id"]


async def test_saving_settles_the_pending_item(
    client: httpx.AsyncClient, root: str, url: str, make: Make
) -> None:
    queue = (await client.post(f"{root}review_queues/", json={"name": "q"})).json()
    items = f"{root}review_queue_items/"
    for trace_id in ("t1", "t2"):
        item = {"queue_id": queue["id"], "trace_id": trace_id}
        assert (await client.post(items, json=item)).status_code == 201

    async def waiting() -> list[str]:
        return [item["trace_id"] for item in (await client.get(items)).json()["results"]]

    await make(trace_id="t1", queue_id=queue["id"])
    assert await waiting() == ["t2"]
    created = await make(trace_id="t2", queue_id=str(uuid4()))
    assert await waiting() == ["t2"]
    await client.patch(f"{url}{created['id']}/", json={"queue_id": None})
    assert await waiting() == []
    assert (await client.get(f"{root}review_queues/{queue['id']}/")).json()["pending_item_count"] == 0


async def test_filters_and_orders(client: httpx.AsyncClient, url: str, make: Make, define: Make) -> None:
    one, two = await define(name="1"), await define(name="2")

    def scores(*definitions: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"definition_id": each["id"], "boolean_value": True} for each in definitions]

    first = await make(trace_id="Alpha", comment="Fine", scores=scores(one, two))
    await make(trace_id="beta", scores=scores(two))
    await make(trace_id="gamma,delta")
    await client.patch(f"{url}{first['id']}/")

    async def found(query: str) -> list[str]:
        body = (await client.get(f"{url}?{query}")).json()
        assert body["count"] == len(body["results"])
        return [each["trace_id"] for each in body["results"]]

    assert await found("") == ["Alpha", "gamma,delta", "beta"]
    assert await found("order_by=created_at") == ["Alpha", "beta", "gamma,delta"]
    assert await found("order_by=-created_at") == ["gamma,delta", "beta", "Alpha"]
    assert await found("trace_id=beta") == ["beta"]
    assert await found("trace_id=gamma,delta") == ["gamma,delta"]
    assert await found("trace_id=") == await found("trace_id__in=") == await found("")
    assert await found("trace_id__in=beta,+Alpha+,,x") == ["Alpha", "beta"]
    assert await found(f"definition_id={one['id']}") == ["Alpha"]
    assert await found(f"definition_id__in={one['id']},{two['id']}") == ["Alpha", "beta"]
    assert await found("definition_id=&definition_id__in=") == await found("")
    assert await found(f"definition_id={uuid4()}") == []
    assert await found("search=FINE") == ["Alpha"]
    assert await found("search=ETA") == ["beta"]


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ("definition_id=zzz", "definition_id", "invalid_input"),
        ("definition_id__in=zzz", "definition_id__in", "invalid_input"),
        ("order_by=trace_id", "order_by", "invalid_choice"),
        ("trace_id=%00", "trace_id", "null_characters_not_allowed"),
        ("trace_id__in=a,%00", "trace_id__in", "null_characters_not_allowed"),
    ],
)
async def test_bad_filters(client: httpx.AsyncClient, url: str, query: str, attr: str, code: str) -> None:
    response = await client.get(f"{url}?{query}")
    answer = response.json()
    assert (response.status_code, answer["attr"], answer["code"]) == (400, attr, code)


async def test_put_is_not_allowed(client: httpx.AsyncClient, url: str, make: Make) -> None:
    response = await client.put(f"{url}{(await make())['id']}/", json={"trace_id": "t"})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


async def test_unknown_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, url: str, make: Make
) -> None:
    created = await make()
    foreign = f"/api/environments/1/llm_analytics/trace_reviews/{created['id']}/"
    for item in (f"{url}{uuid4()}/", f"{url}zzz/", foreign):
        for method in ("GET", "PATCH", "DELETE"):
            response = await client.request(method, item, json={"trace_id": None})
            assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert (await client.get(f"{url}{created['id']}/")).json() == created


async def test_scopes(world: ApiWorld, url: str, make: Make) -> None:
    item = f"{url}{(await make())['id']}/"
    async with world.client(key=await world.new_key("llm_analytics:read")) as reader:
        assert (await reader.get(url)).status_code == (await reader.get(item)).status_code == 200
        for method, address in (("POST", url), ("PATCH", item), ("DELETE", item)):
            response = await reader.request(method, address, json={})
            assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    async with world.client(key=await world.new_key("dataset:write")) as other:
        assert (await other.get(item)).status_code == 403
