"""`/llm_analytics/review_queues/` and `/llm_analytics/review_queue_items/`."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assay.contracts.access import Project
from tests.harness.api import ApiWorld, error

QUEUE_KEYS = ["id", "name", "pending_item_count", "created_at", "updated_at", "created_by", "team"]
ITEM_KEYS = ["id", "queue_id", "queue_name", "trace_id", "created_at", "updated_at", "created_by", "team"]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")


class Queues:
    """The review queues of one project."""

    def __init__(self, client: httpx.AsyncClient, project: Project) -> None:
        self.client = client
        self.root = f"/api/environments/{project.id}/llm_analytics/"
        self.queues = f"{self.root}review_queues/"
        self.items = f"{self.root}review_queue_items/"

    async def make(self, address: str, **body: Any) -> dict[str, Any]:
        response = await self.client.post(address, json=body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    async def queue(self, name: str = "q") -> dict[str, Any]:
        return await self.make(self.queues, name=name)

    async def item(self, queue: dict[str, Any], trace_id: str = "t") -> dict[str, Any]:
        return await self.make(self.items, queue_id=queue["id"], trace_id=trace_id)

    async def results(self, address: str) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = (await self.client.get(address)).json()["results"]
        return results


@pytest.fixture
def queues(client: httpx.AsyncClient, project: Project) -> Queues:
    return Queues(client, project)


async def test_a_queue_and_its_item(queues: Queues, project: Project) -> None:
    queue = await queues.queue(" First ")
    assert list(queue) == QUEUE_KEYS
    assert (queue["name"], queue["pending_item_count"], queue["team"]) == ("First", 0, project.id)
    assert queue["created_by"]["email"] == "first@example.com"

    item = await queues.item(queue, " t ")
    assert list(item) == ITEM_KEYS
    assert (item["queue_id"], item["queue_name"], item["trace_id"]) == (queue["id"], "First", "t")
    assert item["team"] == project.id
    assert (await queues.client.get(f"{queues.items}{item['id']}/")).json() == item
    assert await queues.results(queues.items) == [item]
    counted = queue | {"pending_item_count": 1}
    assert (await queues.client.get(f"{queues.queues}{queue['id']}/")).json() == counted
    assert await queues.results(queues.queues) == [counted]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"name": None}, "null"),
        ({"name": " "}, "blank"),
        ({"name": "x" * 256}, "max_length"),
        ({"name": "taken"}, "invalid_input"),
        ({"name": " taken "}, "invalid_input"),
    ],
)
async def test_bad_names(queues: Queues, body: dict[str, Any], code: str) -> None:
    await queues.queue("taken")
    response = await queues.client.post(queues.queues, json=body)
    answer = response.json()
    assert (response.status_code, answer["type"]) == (400, "validation_error")
    assert (answer["attr"], answer["code"]) == ("name", code)
    assert len(await queues.results(queues.queues)) == 1


async def test_renaming(queues: Queues) -> None:
    queue = await queues.queue("old")
    await queues.queue("taken")
    address = f"{queues.queues}{queue['id']}/"
    renamed = await queues.client.patch(address, json={"name": " new "})
    assert renamed.status_code == 200
    assert renamed.json() == queue | {"name": "new", "updated_at": renamed.json()["updated_at"]}
    assert renamed.json()["updated_at"] > queue["updated_at"]
    assert (await queues.client.patch(address, json={"name": "new"})).status_code == 200
    for body in ({"name": "taken"}, {"name": None}, {"name": ""}):
        response = await queues.client.patch(address, json=body)
        assert (response.status_code, response.json()["attr"]) == (400, "name")
    assert (await queues.client.patch(address)).json()["name"] == "new"


async def test_a_deleted_queue_takes_its_items_along_and_frees_name_and_traces(queues: Queues) -> None:
    queue = await queues.queue()
    item = await queues.item(queue)
    response = await queues.client.delete(f"{queues.queues}{queue['id']}/")
    assert (response.status_code, response.content) == (204, b"")
    for address in (f"{queues.queues}{queue['id']}/", f"{queues.items}{item['id']}/"):
        for method in ("GET", "PATCH", "DELETE"):
            response = await queues.client.request(
                method, address, json={"name": "x", "queue_id": queue["id"]}
            )
            assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert await queues.results(queues.queues) == await queues.results(queues.items) == []
    await queues.item(await queues.queue())


async def test_the_reasons_why_a_trace_cannot_be_queued(queues: Queues) -> None:
    here, there = await queues.queue("here"), await queues.queue("there")
    await queues.item(here, "waits")
    await queues.make(f"{queues.root}trace_reviews/", trace_id="reviewed")
    details = set()
    for queue, trace_id in ((here, "waits"), (there, "waits"), (there, "reviewed")):
        body = {"queue_id": queue["id"], "trace_id": trace_id}
        response = await queues.client.post(queues.items, json=body)
        answer = response.json()
        assert (response.status_code, answer["attr"], answer["code"]) == (400, "trace_id", "invalid_input")
        details.add(answer["detail"])
    assert len(details) == 3


@pytest.mark.parametrize(
    ("changes", "attr", "code"),
    [
        ({"queue_id": ...}, "queue_id", "required"),
        ({"queue_id": None}, "queue_id", "null"),
        ({"queue_id": "zzz"}, "queue_id", "invalid_input"),
        ({"queue_id": str(uuid4())}, "queue_id", "invalid_input"),
        ({"trace_id": ...}, "trace_id", "required"),
        ({"trace_id": None}, "trace_id", "null"),
        ({"trace_id": " "}, "trace_id", "blank"),
        ({"trace_id": "x" * 256}, "trace_id", "max_length"),
    ],
    ids=["no queue", "null queue", "bad queue", "unknown queue", "no trace", "null trace", "blank", "long"],
)
async def test_bad_items(queues: Queues, changes: dict[str, Any], attr: str, code: str) -> None:
    body = {"queue_id": (await queues.queue())["id"], "trace_id": "t"} | changes
    sent = {name: value for name, value in body.items() if value is not ...}
    response = await queues.client.post(queues.items, json=sent)
    answer = response.json()
    assert (response.status_code, answer["attr"], answer["code"]) == (400, attr, code)
    assert await queues.results(queues.items) == []


async def test_moving_an_item(queues: Queues) -> None:
    here, there = await queues.queue("here"), await queues.queue("there")
    item = await queues.item(here)
    address = f"{queues.items}{item['id']}/"
    moved = await queues.client.patch(address, json={"queue_id": there["id"], "trace_id": "ignored"})
    assert moved.status_code == 200
    assert moved.json() == item | {
        "queue_id": there["id"],
        "queue_name": "there",
        "updated_at": moved.json()["updated_at"],
    }
    for body, code in (
        ({}, "required"),
        ({"queue_id": None}, "null"),
        ({"queue_id": str(uuid4())}, "invalid_input"),
    ):
        response = await queues.client.patch(address, json=body)
        answer = response.json()
        assert (response.status_code, answer["attr"], answer["code"]) == (400, "queue_id", code)
    assert [each["pending_item_count"] for each in await queues.results(queues.queues)] == [0, 1]


async def test_removing_an_item(queues: Queues) -> None:
    queue = await queues.queue()
    address = f"{queues.items}{(await queues.item(queue))['id']}/"
    response = await queues.client.delete(address)
    assert (response.status_code, response.content) == (204, b"")
    assert (await queues.client.delete(address)).status_code == 404
    assert (await queues.results(queues.queues))[0]["pending_item_count"] == 0
    await queues.item(queue)


async def test_of_concurrent_writers_one_wins(queues: Queues) -> None:
    made = await asyncio.gather(*(queues.client.post(queues.queues, json={"name": "q"}) for _ in range(5)))
    assert sorted(response.status_code for response in made) == [201] + [400] * 4
    (queue,) = (response.json() for response in made if response.status_code == 201)
    body = {"queue_id": queue["id"], "trace_id": "t"}
    put = await asyncio.gather(*(queues.client.post(queues.items, json=body) for _ in range(5)))
    assert sorted(response.status_code for response in put) == [201] + [400] * 4
    refused = [response.json() for response in (*made, *put) if response.status_code == 400]
    assert sorted(answer["attr"] for answer in refused) == ["name"] * 4 + ["trace_id"] * 4


async def test_filters_and_orders(queues: Queues) -> None:
    beta, alpha = await queues.queue("Beta"), await queues.queue("alpha")
    for queue, trace_id in ((beta, "One"), (alpha, "two"), (beta, "three")):
        await queues.item(queue, trace_id)

    async def names(query: str) -> list[str]:
        return [each["name"] for each in await queues.results(f"{queues.queues}?{query}")]

    async def traces(query: str) -> list[str]:
        return [each["trace_id"] for each in await queues.results(f"{queues.items}?{query}")]

    assert await names("") == ["alpha", "Beta"]
    assert await names("order_by=-created_at") == ["alpha", "Beta"]
    assert await names("order_by=updated_at") == ["Beta", "alpha"]
    assert await names("name=Beta") == ["Beta"]
    assert await names("name=beta") == []
    assert await names("search=ET") == ["Beta"]
    assert await traces("") == ["One", "two", "three"]
    assert await traces("order_by=-created_at") == ["three", "two", "One"]
    assert await traces(f"queue_id={beta['id']}") == ["One", "three"]
    assert await traces("trace_id=two") == ["two"]
    assert await traces("trace_id__in=two,One") == ["One", "two"]
    assert await traces("search=O&limit=1&offset=1") == ["two"]


@pytest.mark.parametrize(
    ("address", "attr", "code"),
    [
        ("review_queues/?order_by=team", "order_by", "invalid_choice"),
        ("review_queue_items/?order_by=trace_id", "order_by", "invalid_choice"),
        ("review_queue_items/?queue_id=zzz", "queue_id", "invalid_input"),
    ],
)
async def test_bad_filters(queues: Queues, address: str, attr: str, code: str) -> None:
    response = await queues.client.get(f"{queues.root}{address}")
    answer = response.json()
    assert (response.status_code, answer["attr"], answer["code"]) == (400, attr, code)


async def test_foreign_objects_are_not_found(queues: Queues) -> None:
    queue = await queues.queue()
    item = await queues.item(queue)
    root = "/api/environments/1/llm_analytics/"
    for address in (f"{root}review_queues/{queue['id']}/", f"{root}review_queue_items/{item['id']}/"):
        for method in ("GET", "PATCH", "DELETE"):
            response = await queues.client.request(method, address, json={})
            assert (response.status_code, response.json()) == (404, NOT_FOUND)
    body = {"queue_id": queue["id"], "trace_id": str(uuid4())}
    response = await queues.client.post(f"{root}review_queue_items/", json=body)
    assert (response.status_code, response.json()["attr"]) == (400, "queue_id")


async def test_scopes_and_methods(world: ApiWorld, queues: Queues) -> None:
    queue = await queues.queue()
    item = await queues.item(queue)
    both = ((queues.queues, queue["id"]), (queues.items, item["id"]))
    async with world.client(key=await world.new_key("llm_analytics:read")) as reader:
        for address, id_ in both:
            assert (await reader.get(address)).status_code == 200
            for method, path in (
                ("POST", address),
                ("PATCH", f"{address}{id_}/"),
                ("DELETE", f"{address}{id_}/"),
            ):
                response = await reader.request(method, path, json={})
                assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    async with world.client(key=await world.new_key("evaluation:write")) as other:
        for address, _ in both:
            assert (await other.get(address)).status_code == 403
    for address, id_ in both:
        response = await queues.client.put(f"{address}{id_}/", json={})
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
