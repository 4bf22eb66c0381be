"""Listing, changing, deleting and restoring reports, and who may do it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error

NOT_FOUND = error("invalid_request", "not_found", "Not found.")


async def test_patch_changes_what_is_sent_and_nothing_else(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    created = await make_report(report_prompt_guidance="d", daily_run_cap=3)
    item = f"{reports}{created['id']}/"
    changed = await client.patch(item, json={"daily_run_cap": 4})
    assert (changed.status_code, changed.json()) == (200, created | {"daily_run_cap": 4})
    assert (await client.get(item)).json() == changed.json()
    assert (await client.patch(item)).json() == changed.json()


async def test_put_needs_the_evaluation_and_keeps_the_others(
    client: httpx.AsyncClient, reports: str, evaluation: str, make_report: Make
) -> None:
    created = await make_report(report_prompt_guidance="d")
    response = await client.put(
        f"{reports}{created['id']}/", json={"evaluation": evaluation, "enabled": False}
    )
    assert (response.status_code, response.json()) == (200, created | {"enabled": False})


async def test_a_report_can_move_to_another_evaluation(
    client: httpx.AsyncClient, reports: str, make: Make, make_report: Make
) -> None:
    other = (await make(name="Other"))["id"]
    created = await make_report()
    changed = await client.patch(f"{reports}{created['id']}/", json={"evaluation": other})
    assert changed.json() == created | {"evaluation": other}


async def test_the_list_is_newest_first_in_pages(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    made = [await make_report() for _ in range(3)]
    newest_first = [report["id"] for report in reversed(made)]
    body = (await client.get(reports)).json()
    assert body["count"] == 3
    assert [report["id"] for report in body["results"]] == newest_first
    page = (await client.get(f"{reports}?limit=1&offset=1")).json()
    assert [report["id"] for report in page["results"]] == newest_first[1:2]
    assert page["next"].endswith("?limit=1&offset=2")
    assert page["previous"].endswith("?limit=1")


async def test_the_list_of_one_evaluation(
    client: httpx.AsyncClient, reports: str, evaluation: str, make: Make, make_report: Make
) -> None:
    mine = await make_report()
    await make_report(evaluation=(await make(name="Other"))["id"])
    body = (await client.get(f"{reports}?evaluation={evaluation}")).json()
    assert (body["count"], body["results"]) == (1, [mine])
    assert (await client.get(f"{reports}?evaluation={uuid4()}")).json()["count"] == 0
    assert (await client.get(f"{reports}?evaluation=")).json()["count"] == 2
    response = await client.get(f"{reports}?evaluation=zzz")
    assert response.status_code == 400
    assert response.json() == error("validation_error", "invalid_input", "Enter a valid UUID.", "evaluation")


async def test_deleting_hides_and_can_be_undone(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    created = await make_report()
    item = f"{reports}{created['id']}/"
    response = await client.patch(item, json={"deleted": True})
    assert (response.status_code, response.json()) == (200, created | {"deleted": True})
    assert (await client.get(item)).status_code == 404
    assert (await client.get(reports)).json()["count"] == 0
    restored = await client.patch(item, json={"deleted": False})
    assert (restored.status_code, restored.json()) == (200, created)
    assert (await client.get(item)).json() == created


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT"])
async def test_unknown_malformed_and_foreign_ids_are_not_found_even_with_a_bad_body(
    client: httpx.AsyncClient, reports: str, make_report: Make, method: str
) -> None:
    created = await make_report()
    foreign = f"/api/environments/1/llm_analytics/evaluation_reports/{created['id']}/"
    for address in (f"{reports}{uuid4()}/", f"{reports}zzz/", foreign):
        response = await client.request(method, address, json={"enabled": "maybe"})
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_delete_is_refused_for_every_id(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    created = await make_report()
    for reference in (created["id"], uuid4(), "zzz"):
        response = await client.delete(f"{reports}{reference}/")
        assert (response.status_code, response.content) == (405, b"")
        assert response.headers["allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert (await client.get(f"{reports}{created['id']}/")).status_code == 200


async def test_scopes(world: ApiWorld, reports: str, evaluation: str, make_report: Make) -> None:
    item = f"{reports}{(await make_report())['id']}/"
    body = {"evaluation": evaluation, "trigger_threshold": 10}
    async with world.client(key=await world.new_key("llm_analytics:read", "evaluation:write")) as reader:
        assert (await reader.get(reports)).status_code == 200
        assert (await reader.get(item)).status_code == 200
        for response in (
            await reader.post(reports, json=body),
            await reader.put(item, json=body),
            await reader.patch(item, json={}),
            await reader.delete(item),
        ):
            assert response.status_code == 403
            assert "llm_analytics:write" in response.json()["detail"]
    async with world.client(key=await world.new_key("evaluation:write")) as stranger:
        assert (await stranger.get(reports)).status_code == 403
    async with world.client(key=await world.new_key("llm_analytics:write")) as writer:
        assert (await writer.post(reports, json=body)).status_code == 201


async def test_concurrent_changes_of_different_fields_are_all_kept(
    client: httpx.AsyncClient, reports: str, make_report: Make
) -> None:
    item = f"{reports}{(await make_report())['id']}/"
    fields = {
        "daily_run_cap": 3,
        "cooldown_minutes": 120,
        "max_sample_size": 7,
        "trigger_threshold": 11,
        "report_prompt_guidance": "all",
        "delivery_targets": [{"type": "email", "value": "a@b.c"}],
        "enabled": False,
    }
    responses = await asyncio.gather(*(client.patch(item, json={name: fields[name]}) for name in fields))
    assert {response.status_code for response in responses} == {200}
    final = (await client.get(item)).json()
    assert {name: final[name] for name in fields} == fields
