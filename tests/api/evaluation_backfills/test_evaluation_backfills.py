"""`/evaluation_backfills/`: what starts, what is refused, what is told, over a real Temporal server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from assay.adapters.hog.processes import HogProcesses
from assay.contracts.access import Project
from assay.contracts.evaluations import StatusReason
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER
from tests.harness.api import ApiWorld, error, judge
from tests.harness.temporal import dev_server, terminate
from tests.workflows.backfill_world import WAIT, ScriptedBatch, World, a_tally
from tests.workflows.scripted_batches import until

EVERYTHING = [{"id": "all", "rollout_percentage": 100, "properties": []}]


@pytest.fixture(scope="module")
async def temporal(world: ApiWorld) -> AsyncIterator[Client]:
    """A server for each registry: their projects have the same ids."""
    async with dev_server() as client:
        yield client


@pytest.fixture
async def api(
    world: ApiWorld, temporal: Client, hog: HogProcesses, project: Project
) -> AsyncIterator[httpx.AsyncClient]:
    """Requests below a project of the test's own."""
    async with world.client(temporal=temporal, hog=hog) as client:
        client.base_url = client.base_url.join(f"/api/environments/{project.id}/")
        yield client
    # What a test leaves behind would go on in the world of the next one. The list is a moment late.
    async for left in temporal.list_workflows('ExecutionStatus = "Running"'):
        with suppress(RPCError):
            await temporal.get_workflow_handle(left.id).terminate()


@pytest.fixture
async def scripted(temporal: Client) -> AsyncIterator[World]:
    """Workers, whose batches of 200 wait for the test."""
    scripted = World(history=800, tallies=[WAIT] * 4)
    async with scripted.workers(temporal):
        yield scripted


async def a_backfill(api: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """The body of a backfill that would be started; a field that is set to `...` is left out."""
    created = await api.post("evaluations/", json=judge(conditions=EVERYTHING))
    body = {"evaluation_id": created.json()["id"], "since": "2026-11-01T00:00:00Z"} | changes
    return {name: value for name, value in body.items() if value is not ...}


async def start(api: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    response = await api.post("evaluation_backfills/", json=await a_backfill(api, **changes))
    assert response.status_code == 201, response.text
    started: dict[str, Any] = response.json()
    return started


async def tell(api: httpx.AsyncClient, backfill: dict[str, Any], command: str) -> httpx.Response:
    return await api.post(f"evaluation_backfills/{backfill['id']}/{command}/")


async def judge_all(temporal: Client, scripted: World, batches: int) -> None:
    """Let the first batches come to their end."""
    await until(lambda: len(scripted.batches) >= batches)
    for given in scripted.batches[:batches]:
        batch = temporal.get_workflow_handle(evaluation_batch_id(given.batch.ref))
        await batch.signal(ScriptedBatch.judged, a_tally(given.batch.size))


async def listed(api: httpx.AsyncClient, *statuses: str) -> dict[str, Any]:
    """The list, once it has caught up with what happened."""
    async with asyncio.timeout(40):
        while True:
            found: dict[str, Any] = (await api.get("evaluation_backfills/")).json()
            if sorted(it["status"] for it in found["results"]) == sorted(statuses):
                return found
            await asyncio.sleep(0.02)


async def ended(temporal: Client, backfill: dict[str, Any]) -> None:
    await temporal.get_workflow_handle(backfill["workflow_id"]).result()


async def test_a_backfill_is_a_workflow_that_says_what_it_is(
    api: httpx.AsyncClient, temporal: Client, project: Project
) -> None:
    before = datetime.now(UTC)
    body = await a_backfill(api)

    response = await api.post("evaluation_backfills/", json=body)

    assert response.status_code == 201
    answer = response.json()
    assert answer["workflow_id"] == f"evaluation-backfill-{answer['id']}"
    assert answer["evaluation"] == {"id": body["evaluation_id"], "name": "Polite"}
    assert (answer["status"], answer["since"]) == ("running", body["since"])
    assert before <= datetime.fromisoformat(answer["until"]) <= datetime.now(UTC)
    assert answer["requested_by"] == "first@example.com"
    assert (answer["seen"], answer["total"], answer["remaining_cost_usd"]) == (0, None, None)
    description = await temporal.get_workflow_handle(answer["workflow_id"]).describe()
    assert (description.workflow_type, description.task_queue) == ("evaluation-backfill", "assay")
    priority = description.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (5, str(project.id))
    attributes = description.typed_search_attributes
    assert (attributes[PROJECT], attributes[EVALUATION], attributes[TRIGGER]) == (
        str(project.id),
        body["evaluation_id"],
        "backfill",
    )
    assert "Polite" in str(await description.static_summary())
    assert "first@example.com" in str(await description.static_details())


@pytest.mark.parametrize(
    ("changes", "code", "detail", "attr"),
    [
        ({"evaluation_id": ...}, "required", "This field is required.", "evaluation_id"),
        ({"evaluation_id": "x"}, "invalid_input", "Must be a valid UUID.", "evaluation_id"),
        ({"since": ...}, "required", "This field is required.", "since"),
        (
            {"since": "1969-12-31T23:59:59Z"},
            "min_value",
            "Ensure this value is not before 1970-01-01T00:00:00Z.",
            "since",
        ),
        ({"since": "2999-01-01"}, "max_value", "Ensure this value is in the past.", "since"),
        (
            {"until": "2026-11-01T00:00:00Z"},
            "min_value",
            "Ensure this value is later than `since`.",
            "until",
        ),
    ],
    ids=["no evaluation", "no UUID", "no since", "too early", "future", "empty window"],
)
async def test_bad_input_names_the_field(
    api: httpx.AsyncClient, changes: dict[str, Any], code: str, detail: str, attr: str
) -> None:
    response = await api.post("evaluation_backfills/", json=await a_backfill(api, **changes))
    assert response.status_code == 400
    assert response.json() == error("validation_error", code, detail, attr)


async def test_a_time_without_offset_is_utc_and_the_window_ends_now_at_the_latest(
    api: httpx.AsyncClient,
) -> None:
    started = await start(api, since="2026-11-01T08:00:00", until="2999-01-01")
    assert started["since"] == "2026-11-01T08:00:00Z"
    assert datetime.fromisoformat(started["until"]) <= datetime.now(UTC)


async def test_an_evaluation_that_is_not_there(api: httpx.AsyncClient) -> None:
    body = await a_backfill(api)
    await api.patch(f"evaluations/{body['evaluation_id']}/", json={"deleted": True})
    response = await api.post("evaluation_backfills/", json=body)
    assert response.status_code == 404
    assert body["evaluation_id"] in response.json()["detail"]


async def test_a_paused_evaluation_judges_history(api: httpx.AsyncClient) -> None:
    body = await a_backfill(api)
    await api.patch(f"evaluations/{body['evaluation_id']}/", json={"enabled": False})
    assert (await api.post("evaluation_backfills/", json=body)).status_code == 201


async def test_an_evaluation_in_error_has_to_be_repaired_first(
    api: httpx.AsyncClient, world: ApiWorld, project: Project
) -> None:
    body = await a_backfill(api)
    evaluation = await api.patch(f"evaluations/{body['evaluation_id']}/", json={"enabled": True})
    await world.registry.evaluations.fail(
        project.id, UUID(evaluation.json()["id"]), StatusReason.TRIAL_LIMIT_REACHED, version=None
    )
    response = await api.post("evaluation_backfills/", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "not_possible")
    assert "trial_limit_reached" in response.json()["detail"]


async def test_an_evaluation_without_conditions_would_judge_nothing(api: httpx.AsyncClient) -> None:
    created = await api.post("evaluations/", json=judge(conditions=[]))
    body = await a_backfill(api, evaluation_id=created.json()["id"])
    response = await api.post("evaluation_backfills/", json=body)
    assert (response.status_code, response.json()["code"]) == (400, "not_possible")


async def test_without_consent_no_trace_leaves(api: httpx.AsyncClient, world: ApiWorld) -> None:
    body = await a_backfill(api)
    await world.registry.access.set_ai_consent(False)
    try:
        response = await api.post("evaluation_backfills/", json=body)
    finally:
        await world.registry.access.set_ai_consent(True)
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


async def test_one_backfill_of_an_evaluation_at_a_time(api: httpx.AsyncClient, temporal: Client) -> None:
    body = await a_backfill(api)
    first = (await api.post("evaluation_backfills/", json=body)).json()
    await listed(api, "running")

    response = await api.post("evaluation_backfills/", json=body)

    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert first["id"] in response.json()["detail"]
    await start(api)
    await terminate(temporal.get_workflow_handle(first["workflow_id"]))
    await listed(api, "running", "stopped")
    assert (await api.post("evaluation_backfills/", json=body)).status_code == 201


async def test_a_backfill_from_start_to_end(
    api: httpx.AsyncClient, temporal: Client, scripted: World
) -> None:
    started = await start(api)
    await until(lambda: len(scripted.batches) == 4)

    paused = await tell(api, started, "pause")
    assert (paused.status_code, paused.json().get("status")) == (200, "paused"), paused.text
    assert paused.json()["outstanding"] == 800
    assert (await listed(api, "paused"))["count"] == 1
    resumed = await tell(api, started, "resume")
    assert resumed.json()["status"] == "running"
    again = await tell(api, started, "resume")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert again.json()["detail"] == "The backfill is not paused: it is running."

    await judge_all(temporal, scripted, 4)
    await ended(temporal, started)
    shown = (await api.get(f"evaluation_backfills/{started['id']}/")).json()
    assert (shown["status"], shown["done"], shown["judged"]) == ("completed", 1.0, 800)
    assert (shown["outcomes"], shown["cost_usd"]) == ({"pass": 800}, pytest.approx(8.0))
    assert set(shown) == set(started)
    late = await tell(api, started, "cancel")
    assert late.status_code == 409
    assert late.json()["detail"].startswith("The backfill has ended (completed)")


async def test_a_cancelled_backfill_ends_with_what_is_claimed(
    api: httpx.AsyncClient, temporal: Client, scripted: World
) -> None:
    scripted.history = 10_000
    started = await start(api)
    await until(lambda: len(scripted.batches) == 4)
    cancelled = await tell(api, started, "cancel")
    assert cancelled.json()["status"] == "cancelling"
    await judge_all(temporal, scripted, 4)
    await ended(temporal, started)
    shown = (await api.get(f"evaluation_backfills/{started['id']}/")).json()
    assert (shown["status"], shown["judged"], shown["outstanding"]) == ("cancelled", 800, 0)


async def test_a_terminated_backfill_is_shown_as_stopped(
    api: httpx.AsyncClient, temporal: Client, scripted: World
) -> None:
    started = await start(api)
    await until(lambda: len(scripted.batches) == 4)
    await terminate(temporal.get_workflow_handle(started["workflow_id"]))
    shown = (await api.get(f"evaluation_backfills/{started['id']}/")).json()
    assert (shown["status"], shown["reason"], shown["claimed"]) == ("stopped", "terminated", 800)
    late = await tell(api, started, "resume")
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    [row] = (await listed(api, "stopped"))["results"]
    assert row == {name: shown[name] for name in row}


async def test_lists_have_pages_and_only_what_is_of_the_project(
    api: httpx.AsyncClient, world: ApiWorld, temporal: Client
) -> None:
    started = [(await start(api))["id"] for _ in range(3)]
    await listed(api, *["running"] * 3)
    first = (await api.get("evaluation_backfills/", params={"limit": 2})).json()
    second = (await api.get(first["next"])).json()
    assert (first["count"], len(first["results"]), second["next"]) == (3, 2, None)
    assert {it["id"] for it in first["results"] + second["results"]} == set(started)

    other = await world.new_project()
    async with world.client(temporal=temporal) as client:
        theirs = f"/api/environments/{other.id}/evaluation_backfills/"
        assert (await client.get(theirs)).json()["results"] == []
        assert (await client.get(f"{theirs}{started[0]}/")).status_code == 404
        assert (await client.post(f"{theirs}{started[0]}/cancel/")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "pause", "resume", "cancel"])
async def test_a_backfill_that_is_not_there(api: httpx.AsyncClient, method: str) -> None:
    path = f"evaluation_backfills/{uuid4()}/"
    response = await (api.get(path) if method == "GET" else api.post(f"{path}{method}/"))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_who_may_do_what(world: ApiWorld, temporal: Client) -> None:
    key = await world.new_key("evaluation:read")
    async with world.client(key=key, temporal=temporal) as client:
        backfills = "/api/environments/1/evaluation_backfills/"
        assert (await client.get(backfills)).status_code == 200
        for path in (backfills, f"{backfills}{uuid4()}/pause/"):
            refused = await client.post(path, json={})
            assert refused.status_code == 403
            assert "evaluation:write" in refused.json()["detail"]
