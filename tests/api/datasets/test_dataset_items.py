"""`/dataset_items/`: fields, the dataset they belong to, changes and refusals."""

from __future__ import annotations

import asyncio
import json
from itertools import chain
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assay.contracts.access import Project
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

KEYS = [
    "id",
    "dataset",
    "input",
    "output",
    "metadata",
    "ref_trace_id",
    "ref_timestamp",
    "ref_source_id",
    "deleted",
    "created_at",
    "updated_at",
    "created_by",
    "team",
]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")
STRING = ("invalid_input", "Not a valid string.")
TOO_LONG = ("max_length", "Ensure this field has no more than 255 characters.")
NUL = ("null_characters_not_allowed", "Null characters are not allowed.")
NO_CHOICE = "Select a valid choice. That choice is not one of the available choices."


def no_such(dataset: object) -> dict[str, Any]:
    detail = f'Invalid pk "{dataset}" - object does not exist.'
    return error("validation_error", "does_not_exist", detail, "dataset")


@pytest.fixture
async def dataset(new_dataset: Make) -> dict[str, Any]:
    return await new_dataset()


@pytest.fixture
async def foreign(world: ApiWorld, client: httpx.AsyncClient) -> str:
    """Id of a dataset of another project."""
    other = await world.new_project()
    response = await client.post(f"/api/environments/{other.id}/datasets/", json={"name": "x"})
    found: str = response.json()["id"]
    return found


async def ids(client: httpx.AsyncClient, url: str, **params: str) -> list[str]:
    response = await client.get(url, params=params)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["results"]]


async def test_an_item_has_these_fields_in_this_order(
    client: httpx.AsyncClient, items: str, project: Project, dataset: dict, new_item: Make
) -> None:
    fields = {
        "input": [{"role": "user", "content": "é"}],
        "output": "text",
        "metadata": 1.0,
        "ref_trace_id": "t" * 255,
        "ref_timestamp": "2026-11-21T03:58:21.5+02:00",
        "ref_source_id": "s" * 255,
    }
    created = await new_item(dataset, **fields)
    assert list(created) == KEYS
    assert {name: created[name] for name in fields} == fields | {
        "ref_timestamp": "2026-11-21T01:58:21.500000Z"
    }
    assert repr(created["metadata"]) == "1.0"
    assert (created["dataset"], created["team"], created["deleted"]) == (dataset["id"], project.id, False)
    assert created["created_by"]["email"] == "first@example.com"
    assert (await client.get(f"{items}{created['id']}/")).json() == created
    assert (await client.get(items)).json()["results"] == [created]


async def test_only_the_dataset_is_needed(dataset: dict, new_item: Make) -> None:
    created = await new_item(dataset)
    assert [created[name] for name in KEYS[2:9]] == [None] * 6 + [False]


async def test_the_project_of_the_address_wins(project: Project, dataset: dict, new_item: Make) -> None:
    assert (await new_item(dataset, team=1))["team"] == project.id


@pytest.mark.parametrize(
    ("fields", "attr", "code", "detail"),
    [
        ({"dataset": ...}, "dataset", "required", "This field is required."),
        ({"dataset": None}, "dataset", "null", "This field may not be null."),
        ({"dataset": ""}, "dataset", "null", "This field may not be null."),
        ({"dataset": "zzz"}, "dataset", "invalid_input", "“zzz” is not a valid UUID."),
        ({"dataset": {}}, "dataset", "invalid_input", "“{}” is not a valid UUID."),
        ({"ref_trace_id": "x" * 256}, "ref_trace_id", *TOO_LONG),
        ({"ref_source_id": "x" * 256}, "ref_source_id", *TOO_LONG),
        ({"ref_trace_id": []}, "ref_trace_id", *STRING),
        ({"ref_source_id": True}, "ref_source_id", *STRING),
        ({"input": {"a": ["\0"]}}, "input", *NUL),
        ({"output": {"\0": 1}}, "output", *NUL),
        ({"metadata": "\0"}, "metadata", *NUL),
        ({"deleted": "maybe"}, "deleted", "invalid_input", "Must be a valid boolean."),
        (
            {"ref_timestamp": "yesterday"},
            "ref_timestamp",
            "invalid_input",
            "Datetime has wrong format. Use one of these formats instead: "
            "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
        ),
    ],
)
async def test_refused_fields(
    client: httpx.AsyncClient,
    items: str,
    dataset: dict,
    new_item: Make,
    *,
    fields: dict,
    attr: str,
    code: str,
    detail: str,
) -> None:
    body = {name: value for name, value in ({"dataset": dataset["id"]} | fields).items() if value is not ...}
    expected = error("validation_error", code, detail, attr)
    response = await client.post(items, json=body)
    assert (response.status_code, response.json()) == (400, expected)
    item = f"{items}{(await new_item(dataset))['id']}/"
    assert (await client.put(item, json=body)).json() == expected
    if body:
        assert (await client.patch(item, json=body)).json() == expected


async def test_nulls_clear_fields(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make
) -> None:
    nulls = dict.fromkeys(KEYS[2:9])
    created = await new_item(dataset, input=1, ref_trace_id="t", ref_timestamp="2026-11-21")
    changed = (await client.patch(f"{items}{created['id']}/", json=nulls)).json()
    assert changed == created | nulls | {"updated_at": changed["updated_at"]}
    assert (await client.get(items)).json()["results"] == [changed]


async def test_the_dataset_must_be_one_of_the_project(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make, foreign: str
) -> None:
    item = f"{items}{(await new_item(dataset))['id']}/"
    for reference in (foreign, str(uuid4())):
        # `dataset` is the first field, so nothing else is told before it.
        body = {"ref_trace_id": "x" * 256, "dataset": reference}
        for method, url in (("POST", items), ("PATCH", item), ("PUT", item)):
            response = await client.request(method, url, json=body)
            assert (response.status_code, response.json()) == (400, no_such(reference))
        response = await client.post(items, data={"dataset": reference})
        assert (response.status_code, response.json()) == (400, no_such(reference))
    assert (await client.get(item)).json()["dataset"] == dataset["id"]


async def test_a_body_that_cannot_be_read(client: httpx.AsyncClient, items: str) -> None:
    json_type = {"Content-Type": "application/json"}
    response = await client.post(items, content=b'{"dataset": ', headers=json_type)
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")
    response = await client.post(items, json=[{"dataset": str(uuid4())}])
    assert (response.status_code, response.json()["attr"]) == (400, None)


async def test_an_item_may_move_to_another_dataset(
    client: httpx.AsyncClient, items: str, dataset: dict, new_dataset: Make, new_item: Make
) -> None:
    other = await new_dataset()
    created = await new_item(dataset, input=1)
    response = await client.patch(f"{items}{created['id']}/", json={"dataset": other["id"].upper()})
    assert response.status_code == 200
    moved = response.json()
    assert moved == created | {"dataset": other["id"], "updated_at": moved["updated_at"]}
    assert await ids(client, items, dataset=other["id"]) == [created["id"]]
    assert await ids(client, items, dataset=dataset["id"]) == []


async def test_put_needs_the_dataset_and_keeps_what_is_left_out(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make
) -> None:
    created = await new_item(dataset, input={"a": 1}, ref_trace_id="t")
    response = await client.put(f"{items}{created['id']}", json={"dataset": dataset["id"], "output": [False]})
    assert response.status_code == 200
    assert response.json() == created | {"output": [False], "updated_at": response.json()["updated_at"]}


@pytest.mark.parametrize(
    "text", ["123456789012345678901", "-9223372036854775809", "18446744073709551616", "1e300", "0.1", "-0.0"]
)
async def test_numbers_come_back_as_they_were_sent(
    client: httpx.AsyncClient, items: str, dataset: dict[str, Any], text: str
) -> None:
    body = f'{{"dataset": "{dataset["id"]}", "input": {{"n": {text}}}}}'

    created = await client.post(items, content=body, headers={"Content-Type": "application/json"})

    assert created.status_code == 201, created.text
    stored = await client.get(f"{items}{created.json()['id']}/")
    assert repr(stored.json()["input"]["n"]) == repr(json.loads(text))


async def test_a_page_of_large_items_ends_early_and_the_next_one_follows(
    client: httpx.AsyncClient, items: str, dataset: dict[str, Any], new_item: Make
) -> None:
    made = [(await new_item(dataset, input="x" * 7_000_000))["id"] for _ in range(5)]
    pages, url = [], f"{items}?limit=4"
    while url:
        page = (await client.get(url)).json()
        assert page["count"] == 5
        pages.append([item["id"] for item in page["results"]])
        url = page["next"]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert list(chain.from_iterable(pages)) == made[::-1]


async def test_items_of_one_dataset_newest_first(
    client: httpx.AsyncClient, items: str, dataset: dict, new_dataset: Make, new_item: Make
) -> None:
    other = await new_dataset()
    a, b, c = [(await new_item(each))["id"] for each in (dataset, other, dataset)]
    assert await ids(client, items) == await ids(client, items, dataset="") == [c, b, a]
    assert await ids(client, items, dataset=dataset["id"]) == [c, a]
    assert await ids(client, items, dataset=(await new_dataset())["id"]) == []
    assert await ids(client, items, search="zzz", order_by="zzz") == [c, b, a]
    page = (await client.get(items, params={"dataset": dataset["id"], "limit": "1"})).json()
    assert (page["count"], len(page["results"])) == (2, 1)
    assert page["next"] == f"http://assay.test{items}?dataset={dataset['id']}&limit=1&offset=1"


async def test_the_filter_names_a_dataset_of_the_project(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make, foreign: str
) -> None:
    item = f"{items}{(await new_item(dataset))['id']}/"
    malformed = error("validation_error", "invalid_input", "“zzz” is not a valid UUID.", "dataset")
    unknown = error("validation_error", "invalid_choice", NO_CHOICE, "dataset")
    for reference, expected in (("zzz", malformed), (str(uuid4()), unknown), (foreign, unknown)):
        for method, url in (("GET", items), ("GET", item), ("PATCH", item), ("PUT", item)):
            response = await client.request(method, url, params={"dataset": reference}, json={})
            assert (response.status_code, response.json()) == (400, expected)


async def test_the_filter_holds_for_one_item_as_well(
    client: httpx.AsyncClient, items: str, dataset: dict, new_dataset: Make, new_item: Make
) -> None:
    other = (await new_dataset())["id"]
    item = f"{items}{(await new_item(dataset))['id']}/"
    assert (await client.get(item, params={"dataset": dataset["id"]})).status_code == 200
    for method in ("GET", "PATCH"):
        response = await client.request(method, item, params={"dataset": other}, json={"dataset": "zzz"})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_a_deleted_dataset_keeps_its_items(
    client: httpx.AsyncClient, items: str, datasets: str, dataset: dict, new_item: Make
) -> None:
    created = await new_item(dataset)
    await client.patch(f"{datasets}{dataset['id']}/", json={"deleted": True})
    assert (await client.get(f"{items}{created['id']}/")).json() == created
    assert await ids(client, items, dataset=dataset["id"]) == [created["id"]]
    await new_item(dataset)


async def test_deleting_hides_and_can_be_undone(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make
) -> None:
    item = f"{items}{(await new_item(dataset))['id']}/"
    for restored in (False, None):
        response = await client.patch(item, json={"deleted": True})
        assert (response.status_code, response.json()["deleted"]) == (200, True)
        assert (await client.get(item)).status_code == 404
        assert await ids(client, items) == await ids(client, items, dataset=dataset["id"]) == []
        response = await client.patch(item, json={"deleted": restored})
        assert (await client.get(item)).json() == response.json()
        assert (await client.get(items)).json()["results"] == [response.json()]


async def test_delete_is_refused_for_every_id(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make
) -> None:
    for reference in ((await new_item(dataset))["id"], uuid4(), "zzz"):
        response = await client.delete(f"{items}{reference}/")
        assert (response.status_code, response.content) == (405, b"")


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
async def test_unknown_malformed_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, items: str, dataset: dict, new_item: Make, method: str
) -> None:
    created = await new_item(dataset)
    foreign_item = f"/api/environments/1/dataset_items/{created['id']}/"
    for address in (f"{items}{uuid4()}/", f"{items}zzz/", foreign_item):
        response = await client.request(method, address, json={"dataset": "zzz"})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_scopes(world: ApiWorld, items: str, dataset: dict, new_item: Make) -> None:
    item = f"{items}{(await new_item(dataset))['id']}/"
    async with world.client(key=await world.new_key("dataset:read")) as reader:
        assert (await reader.get(items)).status_code == 200
        for method, url in (("POST", items), ("PATCH", item), ("PUT", item), ("DELETE", item)):
            response = await reader.request(method, url, json={"dataset": dataset["id"]})
            assert response.status_code == 403
            assert "dataset:write" in response.json()["detail"]
    async with world.client(key=await world.new_key("evaluation:write")) as other:
        assert (await other.get(items)).status_code == 403


async def test_concurrent_changes_of_different_fields_are_all_kept(
    client: httpx.AsyncClient, items: str, dataset: dict, new_dataset: Make, new_item: Make
) -> None:
    item = f"{items}{(await new_item(dataset))['id']}/"
    fields = {"dataset": (await new_dataset())["id"], "input": [1], "output": {"a": 2}, "ref_trace_id": "t"}
    responses = await asyncio.gather(*(client.patch(item, json={name: fields[name]}) for name in fields))
    assert {response.status_code for response in responses} == {200}
    final = (await client.get(item)).json()
    assert {name: final[name] for name in fields} == fields
