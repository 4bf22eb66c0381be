"""`/datasets/`: fields, filters, changes and refusals."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from assay.contracts.access import Project
from assay.contracts.wire_json import MAX_DEPTH
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

KEYS = ["id", "name", "description", "metadata", "created_at", "updated_at", "deleted", "created_by", "team"]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")
NULL = ("null", "This field may not be null.")
STRING = ("invalid_input", "Not a valid string.")
BOOLEAN = ("invalid_input", "Must be a valid boolean.")
NUL = ("null_characters_not_allowed", "Null characters are not allowed.")

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=10,
)


async def ids(client: httpx.AsyncClient, url: str, **params: str) -> list[str]:
    response = await client.get(url, params=params)
    assert response.status_code == 200, response.text
    return [dataset["id"] for dataset in response.json()["results"]]


async def test_a_dataset_has_these_fields_in_this_order(
    client: httpx.AsyncClient, datasets: str, project: Project, new_dataset: Make
) -> None:
    created = await new_dataset(description="d", metadata={"tier": "gold"})
    assert list(created) == KEYS
    assert (created["name"], created["description"]) == ("Refunds", "d")
    assert (created["metadata"], created["deleted"]) == ({"tier": "gold"}, False)
    assert created["team"] == project.id
    assert created["created_by"]["email"] == "first@example.com"
    assert created["created_at"].endswith("Z")
    UUID(created["id"])
    assert (await client.get(f"{datasets}{created['id']}/")).json() == created
    assert (await client.get(datasets)).json()["results"] == [created]


async def test_only_the_name_is_needed(new_dataset: Make) -> None:
    created = await new_dataset()
    assert (created["description"], created["metadata"], created["deleted"]) == (None, None, False)


async def test_what_the_client_may_not_set_is_ignored(
    client: httpx.AsyncClient, datasets: str, project: Project, new_dataset: Make
) -> None:
    sent = {"id": str(uuid4()), "team": 1, "created_by": None, "created_at": "2000-01-01", "other": 1}
    created = await new_dataset(**sent)
    assert created["team"] == project.id
    assert created["id"] != sent["id"]
    assert created["created_by"] is not None
    changed = (await client.patch(f"{datasets}{created['id']}/", json=sent)).json()
    assert changed == created | {"updated_at": changed["updated_at"]}


async def test_names_need_not_be_unique_and_are_trimmed(new_dataset: Make) -> None:
    assert (await new_dataset(name=" x "))["name"] == (await new_dataset(name="x"))["name"] == "x"


@pytest.mark.parametrize(
    ("fields", "attr", "code", "detail"),
    [
        ({"name": ...}, "name", "required", "This field is required."),
        ({"name": None}, "name", *NULL),
        ({"name": " "}, "name", "blank", "This field may not be blank."),
        ({"name": ["x"]}, "name", *STRING),
        ({"name": "x" * 401}, "name", "max_length", "Ensure this field has no more than 400 characters."),
        ({"name": "a\0b"}, "name", *NUL),
        ({"description": {}}, "description", *STRING),
        ({"description": "\0"}, "description", *NUL),
        ({"metadata": ["deep", {"\0": 1}]}, "metadata", *NUL),
        ({"deleted": "maybe"}, "deleted", *BOOLEAN),
        ({"name": None, "deleted": "maybe"}, "name", *NULL),
    ],
)
async def test_refused_fields(
    client: httpx.AsyncClient,
    datasets: str,
    new_dataset: Make,
    *,
    fields: dict,
    attr: str,
    code: str,
    detail: str,
) -> None:
    body = {name: value for name, value in ({"name": "x"} | fields).items() if value is not ...}
    expected = error("validation_error", code, detail, attr)
    response = await client.post(datasets, json=body)
    assert (response.status_code, response.json()) == (400, expected)
    item = f"{datasets}{(await new_dataset())['id']}/"
    assert (await client.put(item, json=body)).json() == expected
    if body:
        assert (await client.patch(item, json=body)).json() == expected


async def test_the_longest_name(new_dataset: Make) -> None:
    assert len((await new_dataset(name="x" * 400))["name"]) == 400


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(json_values)
async def test_any_json_is_kept_as_metadata(new_dataset: Make, metadata: Any) -> None:
    assert repr((await new_dataset(metadata=metadata))["metadata"]) == repr(metadata)


async def test_metadata_as_deep_as_a_body_may_be(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make
) -> None:
    deep: Any = []
    for _ in range(MAX_DEPTH - 2):
        deep = [deep]
    created = await new_dataset(metadata=deep)
    assert (await client.get(f"{datasets}{created['id']}/")).json()["metadata"] == deep
    response = await client.post(datasets, json={"name": "x", "metadata": [deep]})
    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


async def test_forms_carry_json_as_text(client: httpx.AsyncClient, datasets: str) -> None:
    response = await client.post(datasets, data={"name": "5", "metadata": '{"a": [1]}', "deleted": "false"})
    assert response.status_code == 201, response.text
    assert (response.json()["name"], response.json()["metadata"]) == ("5", {"a": [1]})
    response = await client.post(datasets, data={"name": "x", "metadata": "null"})
    assert (response.status_code, response.json()["metadata"]) == (201, None)
    response = await client.post(datasets, data={"name": "x", "metadata": "{"})
    assert response.json() == error(
        "validation_error", "invalid_input", "Value must be valid JSON.", "metadata"
    )


async def test_patch_changes_what_is_sent_and_nothing_else(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make
) -> None:
    created = await new_dataset(description="d", metadata=[1])
    item = f"{datasets}{created['id']}/"
    for fields in ({"name": "Other"}, {"description": None}, {"metadata": None}, {}):
        before = (await client.get(item)).json()
        response = await client.patch(item, json=fields)
        assert response.status_code == 200
        after = response.json()
        assert after == before | fields | {"updated_at": after["updated_at"]}
        assert after["updated_at"] > before["updated_at"]


async def test_put_needs_the_name_and_keeps_what_is_left_out(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make
) -> None:
    created = await new_dataset(description="d", metadata=[1])
    response = await client.put(f"{datasets}{created['id']}", json={"name": "Other"})
    assert response.status_code == 200
    assert response.json() == created | {"name": "Other", "updated_at": response.json()["updated_at"]}


async def test_deleting_hides_and_can_be_undone(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make
) -> None:
    item = f"{datasets}{(await new_dataset())['id']}/"
    for restored in (False, None):
        response = await client.patch(item, json={"deleted": True})
        assert (response.status_code, response.json()["deleted"]) == (200, True)
        assert (await client.get(item)).status_code == 404
        assert (await client.get(datasets)).json()["count"] == 0
        response = await client.patch(item, json={"deleted": restored})
        assert (response.status_code, response.json()["deleted"]) == (200, restored)
        assert (await client.get(item)).json() == response.json()
        assert (await client.get(datasets)).json()["results"] == [response.json()]


async def test_delete_is_refused_for_every_id(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make
) -> None:
    for reference in ((await new_dataset())["id"], uuid4(), "zzz"):
        response = await client.delete(f"{datasets}{reference}/")
        assert (response.status_code, response.content) == (405, b"")
        assert response.headers["allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
async def test_unknown_malformed_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make, method: str
) -> None:
    created = await new_dataset()
    foreign = f"/api/environments/1/datasets/{created['id']}/"
    for address in (f"{datasets}{uuid4()}/", f"{datasets}zzz/", foreign):
        response = await client.request(method, address, json={"name": ""})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_scopes(world: ApiWorld, datasets: str, new_dataset: Make) -> None:
    item = f"{datasets}{(await new_dataset())['id']}/"
    async with world.client(key=await world.new_key("dataset:read")) as reader:
        assert (await reader.get(datasets)).status_code == 200
        assert (await reader.get(item)).status_code == 200
        for method, url in (("POST", datasets), ("PATCH", item), ("PUT", item), ("DELETE", item)):
            response = await reader.request(method, url, json={"name": "x"})
            assert response.status_code == 403
            assert "dataset:write" in response.json()["detail"]
    async with world.client(key=await world.new_key("dataset:write")) as writer:
        assert (await writer.get(item)).status_code == 200
        assert (await writer.patch(item, json={})).status_code == 200
    async with world.client(key=await world.new_key("evaluation:write", "llm_analytics:write")) as other:
        assert (await other.get(datasets)).status_code == 403


async def test_search(client: httpx.AsyncClient, datasets: str, new_dataset: Make) -> None:
    by_name = (await new_dataset(name="Straße 100%"))["id"]
    by_text = (await new_dataset(description="about the STRASSE"))["id"]
    by_value = (await new_dataset(metadata={"Street": {"kind": ["STRASSE", None]}}))["id"]
    assert set(await ids(client, datasets, search="strasse")) == {by_name, by_text, by_value}
    assert await ids(client, datasets, search="STREET") == [by_value]
    assert await ids(client, datasets, search='"street": {"kind": ["strasse", null]}') == [by_value]
    assert await ids(client, datasets, search="0%") == [by_name]
    assert len(await ids(client, datasets, search="")) == 3
    assert (await client.get(f"{datasets}{by_name}/", params={"search": "street"})).json() == NOT_FOUND
    assert (await client.get(f"{datasets}{by_value}/", params={"search": "street"})).status_code == 200
    assert (
        await client.patch(f"{datasets}{by_name}/", params={"search": "street"}, json={})
    ).status_code == 404


async def test_filter_by_ids(client: httpx.AsyncClient, datasets: str, new_dataset: Make) -> None:
    first, second, third = [(await new_dataset())["id"] for _ in range(3)]
    assert set(await ids(client, datasets, id__in=f"{first}, {third.upper()},{uuid4()}")) == {first, third}
    assert len(await ids(client, datasets, id__in="")) == 3
    response = await client.get(datasets, params={"id__in": f"{first},zzz"})
    assert response.status_code == 400
    assert response.json() == error("validation_error", "invalid_input", "Enter a valid UUID.", "id__in")
    for method in ("GET", "PATCH", "PUT"):
        response = await client.request(
            method, f"{datasets}{first}/", params={"id__in": second}, json={"name": ""}
        )
        assert response.json() == NOT_FOUND


async def test_order_and_pages(client: httpx.AsyncClient, datasets: str, new_dataset: Make) -> None:
    a, b, c = [(await new_dataset(name=name))["id"] for name in "abc"]
    await client.patch(f"{datasets}{a}/", json={"description": "later"})
    assert await ids(client, datasets) == [c, b, a]
    assert await ids(client, datasets, order_by="created_at") == [a, b, c]
    assert await ids(client, datasets, order_by="-updated_at") == [a, c, b]
    page = (await client.get(datasets, params={"limit": "2", "order_by": "created_at"})).json()
    assert [dataset["id"] for dataset in page["results"]] == [a, b]
    assert page["next"] == f"http://assay.test{datasets}?limit=2&offset=2&order_by=created_at"
    assert (page["count"], page["previous"]) == (3, None)


@pytest.mark.parametrize("order", ["name", "-name", "zzz", "created_at,deleted"])
async def test_an_unknown_order_is_refused(client: httpx.AsyncClient, datasets: str, order: str) -> None:
    response = await client.get(datasets, params={"order_by": order})
    bad = order.rpartition(",")[2]
    detail = f"Select a valid choice. {bad} is not one of the available choices."
    assert response.status_code == 400
    assert response.json() == error("validation_error", "invalid_choice", detail, "order_by")


async def test_concurrent_changes_of_different_fields_are_all_kept(
    client: httpx.AsyncClient, datasets: str, new_dataset: Make
) -> None:
    item = f"{datasets}{(await new_dataset())['id']}/"
    fields = {"name": "Other", "description": "both", "metadata": {"a": 1}}
    responses = await asyncio.gather(*(client.patch(item, json={name: fields[name]}) for name in fields))
    assert {response.status_code for response in responses} == {200}
    final = (await client.get(item)).json()
    assert {name: final[name] for name in fields} == fields


async def test_what_is_described_is_what_is_sent(
    client: httpx.AsyncClient, datasets: str, items: str
) -> None:
    document = (await client.get("/openapi.json")).json()

    def check(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)

    example = document["components"]["schemas"]["DatasetRequest"]["examples"][0]
    check("DatasetRequest", example)
    created = (await client.post(datasets, json=example)).json()
    check("DatasetResponse", created)
    check("PaginatedDatasetResponseList", (await client.get(datasets)).json())
    example = document["components"]["schemas"]["DatasetItemRequest"]["examples"][0]
    check("DatasetItemRequest", example)
    check("DatasetItemResponse", (await client.post(items, json=example | {"dataset": created["id"]})).json())
    check("PaginatedDatasetItemResponseList", (await client.get(items)).json())
