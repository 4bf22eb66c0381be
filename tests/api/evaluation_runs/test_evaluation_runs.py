"""`POST evaluation_runs`: what starts, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client

from assay.adapters.clickhouse import ClickHouseEventStore, open_event_store
from assay.adapters.hog.processes import HogProcesses
from assay.contracts.events import Event
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER
from tests.harness.api import ApiWorld, judge
from tests.harness.temporal import dev_server

RUNS = "/api/environments/1/evaluation_runs/"
EVALUATIONS = "/api/environments/1/evaluations/"
LATE = datetime(2026, 11, 20, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseEventStore]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    async with dev_server() as client:
        yield client


@pytest.fixture
async def api(
    world: ApiWorld, events: ClickHouseEventStore, temporal: Client, hog: HogProcesses
) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(events=events, temporal=temporal, hog=hog) as client:
        yield client


@pytest.fixture
def generation(events: ClickHouseEventStore) -> Event:
    event = Event(
        project_id=1,
        event="$ai_generation",
        uuid=uuid4(),
        distinct_id="user-1",
        timestamp=LATE,
        properties={"$ai_output": "Hello."},
    )
    events.insert([event])
    return event


async def a_run(api: httpx.AsyncClient, generation: Event, **changes: Any) -> dict[str, Any]:
    """The body of a run that would be started; a field that is set to `...` is left out."""
    evaluation = (await api.post(EVALUATIONS, json=judge())).json()
    body = {
        "evaluation_id": evaluation["id"],
        "target_event_id": str(generation.uuid),
        "timestamp": LATE.isoformat(),
    } | changes
    return {name: value for name, value in body.items() if value is not ...}


async def test_a_run_is_a_workflow_that_says_what_it_is(
    api: httpx.AsyncClient, generation: Event, temporal: Client
) -> None:
    body = await a_run(api, generation)

    response = await api.post(RUNS, json=body)

    assert response.status_code == 200
    answer = response.json()
    assert list(answer) == ["workflow_id", "status", "evaluation", "target_event_id"]
    assert answer["status"] == "started"
    assert answer["evaluation"] == {"id": body["evaluation_id"], "name": "Polite"}
    prefix = f"llma-llm-eval-{body['evaluation_id']}-{generation.uuid}-manual-"
    assert answer["workflow_id"].startswith(prefix)
    description = await temporal.get_workflow_handle(answer["workflow_id"]).describe()
    assert description.workflow_type == "run-evaluation"
    assert description.task_queue == "assay"
    assert description.raw_description.workflow_execution_info.priority.priority_key == 1
    attributes = description.typed_search_attributes
    assert (attributes[PROJECT], attributes[EVALUATION], attributes[TRIGGER]) == (
        "1",
        body["evaluation_id"],
        "manual",
    )


async def test_each_call_is_a_run_of_its_own(api: httpx.AsyncClient, generation: Event) -> None:
    body = await a_run(api, generation)
    ids = {(await api.post(RUNS, json=body)).json()["workflow_id"] for _ in range(3)}
    assert len(ids) == 3


async def test_a_paused_evaluation_runs_on_request(api: httpx.AsyncClient, generation: Event) -> None:
    body = await a_run(api, generation)
    patched = await api.patch(f"{EVALUATIONS}{body['evaluation_id']}/", json={"enabled": False})
    assert patched.json()["status"] == "paused"
    assert (await api.post(RUNS, json=body)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"evaluation_id": ...}, {"evaluation_id": ["This field is required."]}),
        ({"target_event_id": "x"}, {"target_event_id": ["Must be a valid UUID."]}),
        ({"distinct_id": ""}, {"distinct_id": ["This field may not be blank."]}),
        ({"timestamp": None}, {"timestamp": ["This field may not be null."]}),
        (
            {"evaluation_id": "x", "target_event_id": ...},
            {"evaluation_id": ["Must be a valid UUID."], "target_event_id": ["This field is required."]},
        ),
    ],
)
async def test_bad_input_names_every_field(
    api: httpx.AsyncClient, generation: Event, changes: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    response = await api.post(RUNS, json=await a_run(api, generation, **changes))
    assert (response.status_code, response.json()) == (400, {"error": errors})


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": (LATE + timedelta(seconds=1)).isoformat()},
        {"event": "$ai_span"},
        {"distinct_id": "user-2"},
        {"target_event_id": str(uuid4())},
    ],
    ids=["another UTC day", "another event name", "another person", "unknown uuid"],
)
async def test_an_event_that_is_not_there(
    api: httpx.AsyncClient, generation: Event, changes: dict[str, Any]
) -> None:
    body = await a_run(api, generation, **changes)
    response = await api.post(RUNS, json=body)
    assert response.status_code == 404
    assert list(response.json()) == ["error"]
    assert body["target_event_id"] in response.json()["error"]


async def test_a_day_is_a_utc_day_whatever_the_offset(api: httpx.AsyncClient, generation: Event) -> None:
    next_day_in_berlin = "2026-11-21T00:30:00+01:00"
    body = await a_run(api, generation, timestamp=next_day_in_berlin, distinct_id="user-1")
    assert (await api.post(RUNS, json=body)).status_code == 200


@pytest.mark.parametrize("how", ["unknown", "deleted", "of another project"])
async def test_an_evaluation_that_is_not_there(
    api: httpx.AsyncClient, world: ApiWorld, generation: Event, how: str
) -> None:
    body = await a_run(api, generation)
    if how == "unknown":
        body["evaluation_id"] = str(uuid4())
    elif how == "deleted":
        await api.patch(f"{EVALUATIONS}{body['evaluation_id']}/", json={"deleted": True})
    else:
        other = await world.new_project()
        created = await api.post(f"/api/environments/{other.id}/evaluations/", json=judge())
        body["evaluation_id"] = created.json()["id"]

    response = await api.post(RUNS, json=body)

    assert response.status_code == 404
    assert body["evaluation_id"] in response.json()["error"]


async def a_hog_run(api: httpx.AsyncClient, generation: Event) -> dict[str, Any]:
    hog = judge(evaluation_type="hog", evaluation_config={"source": "return true"})
    created = (await api.post(EVALUATIONS, json=hog)).json()
    return await a_run(api, generation, evaluation_id=created["id"])


async def test_a_hog_evaluation_runs_under_an_id_of_its_own(
    api: httpx.AsyncClient, generation: Event, temporal: Client
) -> None:
    body = await a_hog_run(api, generation)

    response = await api.post(RUNS, json=body)

    assert response.status_code == 200
    workflow_id = response.json()["workflow_id"]
    prefix = f"llma-hog-eval-{body['evaluation_id']}-{generation.uuid}-manual-"
    assert workflow_id.startswith(prefix)
    assert workflow_id.removeprefix(prefix).isdigit()
    description = await temporal.get_workflow_handle(workflow_id).describe()
    assert description.workflow_type == "run-evaluation"
    assert description.typed_search_attributes[EVALUATION] == body["evaluation_id"]


async def test_a_program_needs_no_consent_because_no_trace_leaves(
    api: httpx.AsyncClient, world: ApiWorld, generation: Event
) -> None:
    body = await a_hog_run(api, generation)
    await world.registry.access.set_ai_consent(False)
    try:
        response = await api.post(RUNS, json=body)
    finally:
        await world.registry.access.set_ai_consent(True)
    assert response.status_code == 200


async def test_it_needs_the_write_scope(world: ApiWorld) -> None:
    key = await world.new_key("evaluation:read")
    async with world.client(key=key) as client:
        response = await client.post(RUNS, json={})
    assert response.status_code == 403
    assert "evaluation:write" in response.json()["detail"]


async def test_without_consent_no_trace_leaves(
    api: httpx.AsyncClient, world: ApiWorld, generation: Event
) -> None:
    body = await a_run(api, generation)
    await world.registry.access.set_ai_consent(False)
    try:
        response = await api.post(RUNS, json=body)
    finally:
        await world.registry.access.set_ai_consent(True)
    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"


async def test_nothing_is_acknowledged_while_temporal_is_away(
    world: ApiWorld, events: ClickHouseEventStore, generation: Event
) -> None:
    async with dev_server() as away:
        pass
    async with world.client(events=events, temporal=away) as client:
        response = await client.post(RUNS, json=await a_run(client, generation))
    assert response.status_code == 503
    assert list(response.json()) == ["error"]
