"""`/llm_analytics/clustering_jobs/`."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

KEYS = ["id", "name", "analysis_level", "event_filters", "enabled", "created_at", "updated_at"]
NOT_FOUND = error("invalid_request", "not_found", "Not found.")
NULL = ("null", "This field may not be null.")
REQUIRED = ("required", "This field is required.")


async def enabled_by_name(client: httpx.AsyncClient, jobs: str) -> dict[str, bool]:
    return {job["name"]: job["enabled"] for job in (await client.get(jobs)).json()["results"]}


def assert_bare(response: httpx.Response, word: str) -> None:
    assert response.status_code == 400
    assert list(response.json()) == ["detail"]
    assert word in response.json()["detail"]


async def test_a_job_has_these_fields_in_this_order(
    client: httpx.AsyncClient, jobs: str, new_job: Make
) -> None:
    assert (await client.get(jobs)).json()["count"] == 0
    created = await new_job()
    assert list(created) == KEYS
    assert [created[name] for name in KEYS[1:5]] == ["Checkout", "trace", [], True]
    UUID(created["id"])
    assert (await client.get(f"{jobs}{created['id']}/")).json() == created
    assert (await client.get(jobs)).json()["results"] == [created]


@pytest.mark.parametrize("level", ["trace", "generation", "evaluation"])
async def test_levels(new_job: Make, level: str) -> None:
    assert (await new_job(analysis_level=level))["analysis_level"] == level


@pytest.mark.parametrize(
    "filters",
    [[{"key": "$ai_model", "value": "é", "type": "zzz"}], {"a": [1.0, None]}, "text", 7, 1.0, False],
    ids=repr,
)
async def test_filters_come_back_as_they_were_sent(
    client: httpx.AsyncClient, jobs: str, new_job: Make, filters: Any
) -> None:
    created = await new_job(event_filters=filters, enabled="no")
    assert created["enabled"] is False
    assert repr(created["event_filters"]) == repr(filters)
    found = (await client.get(f"{jobs}{created['id']}")).json()
    assert repr(found["event_filters"]) == repr(filters)


@pytest.mark.parametrize(
    ("fields", "attr", "code", "detail"),
    [
        ({"name": ...}, "name", *REQUIRED),
        ({"name": None}, "name", *NULL),
        ({"name": " "}, "name", "blank", "This field may not be blank."),
        ({"name": "x" * 101}, "name", "max_length", "Ensure this field has no more than 100 characters."),
        ({"name": []}, "name", "invalid_input", "Not a valid string."),
        ({"analysis_level": ...}, "analysis_level", *REQUIRED),
        ({"analysis_level": None}, "analysis_level", *NULL),
        ({"analysis_level": "zzz"}, "analysis_level", "invalid_choice", '"zzz" is not a valid choice.'),
        ({"event_filters": None}, "event_filters", *NULL),
        (
            {"event_filters": ["\0"]},
            "event_filters",
            "null_characters_not_allowed",
            "Null characters are not allowed.",
        ),
        ({"enabled": None}, "enabled", *NULL),
        ({"enabled": "maybe"}, "enabled", "invalid_input", "Must be a valid boolean."),
    ],
)
async def test_refused_fields_have_the_standard_body(
    client: httpx.AsyncClient, jobs: str, new_job: Make, *, fields: dict, attr: str, code: str, detail: str
) -> None:
    body = {"name": "x", "analysis_level": "trace"} | fields
    body = {name: value for name, value in body.items() if value is not ...}
    expected = error("validation_error", code, detail, attr)
    response = await client.post(jobs, json=body)
    assert (response.status_code, response.json()) == (400, expected)
    item = f"{jobs}{(await new_job())['id']}/"
    assert (await client.put(item, json=body)).json() == expected
    if ... not in fields.values():
        assert (await client.patch(item, json=body)).json() == expected


async def test_the_longest_name(new_job: Make) -> None:
    assert len((await new_job("x" * 100))["name"]) == 100


async def test_the_limit_comes_before_the_body(client: httpx.AsyncClient, jobs: str, new_job: Make) -> None:
    made = [await new_job(f"{number}") for number in range(5)]
    for body in ({"name": "sixth", "analysis_level": "trace"}, {"name": "0"}, {}, []):
        assert_bare(await client.post(jobs, json=body), "Maximum")
    malformed = await client.post(jobs, content=b"{", headers={"Content-Type": "application/json"})
    assert_bare(malformed, "Maximum")
    assert (await client.patch(f"{jobs}{made[0]['id']}/", json={"name": "0"})).status_code == 200
    assert (await client.delete(f"{jobs}{made[0]['id']}/")).status_code == 204
    await new_job("sixth")


async def test_the_limit_holds_under_concurrency(client: httpx.AsyncClient, jobs: str) -> None:
    responses = await asyncio.gather(
        *(client.post(jobs, json={"name": f"{number}", "analysis_level": "trace"}) for number in range(15))
    )
    statuses = [response.status_code for response in responses]
    assert (statuses.count(201), statuses.count(400)) == (5, 10)
    assert (await client.get(jobs)).json()["count"] == 5


async def test_names_are_unique_in_the_project(
    world: ApiWorld, client: httpx.AsyncClient, jobs: str, new_job: Make
) -> None:
    created, other = await new_job(), await new_job("CHECKOUT")
    body = {"name": " Checkout ", "analysis_level": "generation"}
    assert_bare(await client.post(jobs, json=body), "already exists")
    item = f"{jobs}{other['id']}/"
    assert_bare(await client.patch(item, json={"name": "Checkout"}), "already exists")
    assert_bare(await client.put(item, json=body), "already exists")
    assert (await client.get(item)).json() == other
    kept = await client.patch(f"{jobs}{created['id']}/", json={"name": "Checkout", "enabled": False})
    assert (kept.status_code, kept.json()["enabled"]) == (200, False)
    elsewhere = f"/api/environments/{(await world.new_project()).id}/llm_analytics/clustering_jobs/"
    assert (await client.post(elsewhere, json=body)).status_code == 201


async def test_one_of_many_gets_a_name(client: httpx.AsyncClient, jobs: str) -> None:
    body = {"name": "Checkout", "analysis_level": "trace"}
    responses = await asyncio.gather(*(client.post(jobs, json=body) for _ in range(8)))
    refused = [response for response in responses if response.status_code != 201]
    assert len(refused) == 7
    for response in refused:
        assert_bare(response, "already exists")


async def test_a_new_job_switches_off_the_defaults_of_its_level(
    client: httpx.AsyncClient, jobs: str, new_job: Make
) -> None:
    await new_job("Default - traces")
    await new_job("Default - generations", analysis_level="generation")
    await new_job("Own")
    await new_job("Default - again")
    assert await enabled_by_name(client, jobs) == {
        "Default - traces": False,
        "Default - generations": True,
        "Own": True,
        "Default - again": True,
    }


async def test_a_change_switches_nothing_off(client: httpx.AsyncClient, jobs: str, new_job: Make) -> None:
    own = await new_job("Own", analysis_level="generation")
    await new_job("Default - traces")
    response = await client.patch(f"{jobs}{own['id']}/", json={"analysis_level": "trace"})
    assert response.json()["analysis_level"] == "trace"
    assert await enabled_by_name(client, jobs) == {"Own": True, "Default - traces": True}


async def test_patch_and_put_keep_what_is_left_out(
    client: httpx.AsyncClient, jobs: str, new_job: Make
) -> None:
    created = await new_job(event_filters=[{"key": "a"}], enabled=False)
    item = f"{jobs}{created['id']}/"
    changed = (await client.patch(item, json={"name": "Other", "id": "x", "team": 1})).json()
    assert changed == created | {"name": "Other", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > created["updated_at"]
    response = await client.put(item, json={"name": "Third", "analysis_level": "evaluation"})
    assert response.status_code == 200
    expected = {"name": "Third", "analysis_level": "evaluation", "updated_at": response.json()["updated_at"]}
    assert response.json() == created | expected


async def test_pages_oldest_first(client: httpx.AsyncClient, jobs: str, new_job: Make) -> None:
    made = [(await new_job(name))["id"] for name in ("b", "a", "c")]
    page = (await client.get(jobs, params={"limit": "2", "order_by": "name"})).json()
    assert [job["id"] for job in page["results"]] == made[:2]
    assert (page["count"], page["previous"]) == (3, None)
    page = (await client.get(page["next"])).json()
    assert [job["id"] for job in page["results"]] == made[2:]
    assert (page["next"], page["count"]) == (None, 3)


async def test_delete_is_for_good(client: httpx.AsyncClient, jobs: str, new_job: Make) -> None:
    item = f"{jobs}{(await new_job())['id']}/"
    response = await client.delete(item)
    assert (response.status_code, response.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        response = await client.request(method, item, json={})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    await new_job()


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
async def test_unknown_malformed_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, jobs: str, new_job: Make, method: str
) -> None:
    created = await new_job()
    foreign = f"/api/environments/1/llm_analytics/clustering_jobs/{created['id']}/"
    for address in (f"{jobs}{uuid4()}/", f"{jobs}zzz/", foreign):
        response = await client.request(method, address, json={"name": ""})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert (await client.get(f"{jobs}{created['id']}/")).json() == created


async def test_scopes(world: ApiWorld, jobs: str, new_job: Make) -> None:
    item = f"{jobs}{(await new_job())['id']}/"
    async with world.client(key=await world.new_key("llm_analytics:read")) as reader:
        assert (await reader.get(jobs)).status_code == 200
        assert (await reader.get(item)).status_code == 200
        for method, url in (("POST", jobs), ("PATCH", item), ("PUT", item), ("DELETE", item)):
            response = await reader.request(method, url, json={})
            assert response.status_code == 403
            assert "llm_analytics:write" in response.json()["detail"]
    async with world.client(key=await world.new_key("dataset:write")) as other:
        assert (await other.get(jobs)).status_code == 403


async def test_concurrent_changes_of_different_fields_are_all_kept(
    client: httpx.AsyncClient, jobs: str, new_job: Make
) -> None:
    item = f"{jobs}{(await new_job())['id']}/"
    fields = {"name": "Other", "analysis_level": "generation", "event_filters": [1], "enabled": False}
    responses = await asyncio.gather(*(client.patch(item, json={name: fields[name]}) for name in fields))
    assert {response.status_code for response in responses} == {200}
    final = (await client.get(item)).json()
    assert {name: final[name] for name in fields} == fields


async def test_both_forms_of_refusal_are_described(
    client: httpx.AsyncClient, jobs: str, config: str, new_job: Make
) -> None:
    document = (await client.get("/openapi.json")).json()

    def check(schema: dict, value: Any) -> None:
        schema = schema | {"components": document["components"]}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)

    def refusal(url: str, method: str, status: str = "400") -> Any:
        operation = document["paths"][f"/api/environments/{{project_id}}/llm_analytics/{url}"][method]
        return operation["responses"][status]["content"]["application/json"]["schema"]

    both = [{"$ref": f"#/components/schemas/{name}"} for name in ("StandardError", "DetailText")]
    for url, method in (
        ("clustering_jobs/", "post"),
        ("clustering_jobs/{id}/", "put"),
        ("clustering_jobs/{id}/", "patch"),
    ):
        assert refusal(url, method) == {"anyOf": both}
        operation = document["paths"][f"/api/environments/{{project_id}}/llm_analytics/{url}"][method]
        assert operation["responses"]["404"] == {"$ref": "#/components/responses/NotFound"}
    bare = refusal("clustering_config/set_event_filters/", "post")
    check(bare, (await client.post(f"{config}set_event_filters/", json={})).json())
    example = document["components"]["schemas"]["ClusteringJobRequest"]["examples"][0]
    response = await client.post(jobs, json=example)
    check({"$ref": "#/components/schemas/ClusteringJobResponse"}, response.json())
    check(refusal("clustering_jobs/", "post"), (await client.post(jobs, json=example)).json())
    check(refusal("clustering_jobs/", "post"), (await client.post(jobs, json={})).json())
    example = document["components"]["schemas"]["EventFiltersRequest"]["examples"][0]
    response = await client.post(f"{config}set_event_filters/", json=example)
    check({"$ref": "#/components/schemas/ClusteringConfigResponse"}, response.json())
