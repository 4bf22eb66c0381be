"""What the workflows of reports hear of requests, over a real Temporal server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from assay.contracts.access import Project
from assay.temporal.ids import evaluation_report_id
from assay.temporal.queues import TaskQueue
from tests.api.conftest import Make
from tests.api.evaluation_reports.scripted_report import REFUSAL, ScriptedReport, told
from tests.harness.api import ApiWorld, api_world, error, judge
from tests.harness.temporal import dev_server

NOT_FOUND = error("invalid_request", "not_found", "Not found.")


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    async with (
        dev_server() as client,
        Worker(client, task_queue=TaskQueue.MAIN, workflows=[ScriptedReport]),
    ):
        yield client


@pytest.fixture
async def client(world: ApiWorld, temporal: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(temporal=temporal) as client:
        yield client


@pytest.fixture
async def report(reports: str, make_report: Make) -> str:
    """Address of a report."""
    return f"{reports}{(await make_report())['id']}/"


def id_of(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


async def test_a_run_is_asked_for(client: httpx.AsyncClient, temporal: Client, report: str) -> None:
    response = await client.post(f"{report}generate/")
    assert (response.status_code, response.content) == (202, b"")
    assert (await told(temporal, id_of(report)))[-1] == "generate"


async def test_a_request_that_joins_a_run_in_flight_is_answered_alike(
    client: httpx.AsyncClient, temporal: Client, report: str
) -> None:
    responses = await asyncio.gather(*(client.post(f"{report}generate/") for _ in range(2)))
    assert [(response.status_code, response.content) for response in responses] == [(202, b"")] * 2
    assert (await told(temporal, id_of(report))).count("generate") == 2


async def test_a_refusal_says_why(client: httpx.AsyncClient, report: str) -> None:
    for _ in range(2):
        assert (await client.post(f"{report}generate/")).status_code == 202
    for reason in (REFUSAL, "No report can be made now."):
        response = await client.post(f"{report}generate/")
        assert response.status_code == 400
        assert response.json() == error("validation_error", "invalid_input", reason)


async def test_the_body_is_not_looked_at(client: httpx.AsyncClient, report: str) -> None:
    for sent in ({"content": b"{"}, {"content": b"<a/>", "headers": {"Content-Type": "text/xml"}}):
        response = await client.post(f"{report}generate", **sent)
        assert (response.status_code, response.content) == (202, b"")


async def test_disabled_reports_are_made_as_well(
    client: httpx.AsyncClient, temporal: Client, reports: str, make_report: Make
) -> None:
    disabled = await make_report(enabled=False)
    assert (await client.post(f"{reports}{disabled['id']}/generate/")).status_code == 202
    assert "generate" in await told(temporal, disabled["id"])


async def test_a_run_changes_nothing_of_the_report(client: httpx.AsyncClient, report: str) -> None:
    before = (await client.get(report)).json()
    await client.post(f"{report}generate/")
    assert (await client.get(report)).json() == before


async def test_deleted_unknown_malformed_and_foreign_reports_are_not_found(
    client: httpx.AsyncClient, temporal: Client, reports: str, report: str, make_report: Make
) -> None:
    deleted = f"{reports}{(await make_report(deleted=True))['id']}/"
    foreign = f"/api/environments/1/llm_analytics/evaluation_reports/{id_of(report)}/"
    for address in (deleted, f"{reports}{uuid4()}/", f"{reports}zzz/", foreign):
        response = await client.post(f"{address}generate/")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert "generate" not in await told(temporal, id_of(report))


async def test_who_may_ask(world: ApiWorld, temporal: Client, project: Project, report: str) -> None:
    address = f"{report}generate/"
    keys = [
        (("llm_analytics:write",), project.id, 202),
        (("llm_analytics:read", "evaluation:write"), project.id, 403),
        (("llm_analytics:write",), 1, 403),
        (("*",), None, 202),
    ]
    for scopes, project_id, status in keys:
        key = await world.new_key(*scopes, project_id=project_id)
        async with world.client(key=key, temporal=temporal) as caller:
            assert (await caller.post(address)).status_code == status
    async with world.client(key=None) as nobody:
        assert (await nobody.post(address)).status_code == 401


async def test_other_methods_are_not_served(client: httpx.AsyncClient, report: str) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        response = await client.request(method, f"{report}generate/")
        assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")


async def test_a_report_has_its_workflow_from_the_beginning(
    temporal: Client, project: Project, report: str
) -> None:
    assert await told(temporal, id_of(report)) == [f"configure in {project.id}"]


async def test_the_workflow_is_titled_by_the_evaluation(
    temporal: Client, client: httpx.AsyncClient, item: str, report: str
) -> None:
    name = (await client.get(item)).json()["name"]
    described = await temporal.get_workflow_handle(evaluation_report_id(UUID(id_of(report)))).describe()
    assert f"“{name}”" in (await described.static_summary() or "")


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"deleted": True}, {"trigger_threshold": 10}, {}], ids=str
)
async def test_every_change_of_a_report_is_told(
    client: httpx.AsyncClient, temporal: Client, report: str, change: dict[str, Any]
) -> None:
    assert (await client.patch(report, json=change)).status_code == 200
    assert len(await told(temporal, id_of(report))) == 2


async def test_a_put_is_told_and_a_refused_change_is_not(
    client: httpx.AsyncClient, temporal: Client, report: str, evaluation: str
) -> None:
    assert (await client.put(report, json={"evaluation": evaluation})).status_code == 200
    assert (await client.patch(report, json={"enabled": "maybe"})).status_code == 400
    assert len(await told(temporal, id_of(report))) == 2


@pytest.fixture
async def others(make: Make, make_report: Make) -> list[str]:
    """Ids of a deleted report of the same evaluation, and of one of another evaluation."""
    other = (await make(name="Other"))["id"]
    return [str((await make_report(**fields))["id"]) for fields in ({"deleted": True}, {"evaluation": other})]


@pytest.fixture
def item(url: str, evaluation: str) -> str:
    """Address of the evaluation."""
    return f"{url}{evaluation}/"


@pytest.mark.parametrize("change", [{"enabled": True}, {"deleted": True}, {"name": "Another"}], ids=str)
async def test_a_change_of_an_evaluation_is_told_to_its_reports(
    client: httpx.AsyncClient, temporal: Client, item: str, make_report: Make, change: dict[str, Any]
) -> None:
    made = await asyncio.gather(*(make_report() for _ in range(21)))  # more than are told at once

    assert (await client.patch(item, json=change)).status_code == 200

    heard = await asyncio.gather(*(told(temporal, each["id"]) for each in made))
    assert [len(each) for each in heard] == [2] * 21


async def test_other_reports_hear_nothing_of_it(
    client: httpx.AsyncClient, temporal: Client, item: str, report: str, others: list[str]
) -> None:
    assert (await client.patch(item, json={"name": "Another"})).status_code == 200
    assert [len(await told(temporal, each)) for each in (id_of(report), *others)] == [2, 1, 1]


async def test_what_reports_do_not_go_by_is_not_told(
    client: httpx.AsyncClient, temporal: Client, item: str, report: str
) -> None:
    change = {"description": "d", "evaluation_config": {"prompt": "Is it short?"}, "enabled": False}
    assert (await client.patch(item, json=change)).status_code == 200
    assert len(await told(temporal, id_of(report))) == 1


async def test_while_temporal_is_away_changes_are_kept_and_runs_are_not_promised(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with dev_server() as away:
        pass
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('away')}/registry.sqlite"
    async with api_world(url) as world, world.client(temporal=away) as client:
        client.base_url = client.base_url.join("/api/environments/1/")
        evaluation = (await client.post("evaluations/", json=judge())).json()["id"]
        reports = "llm_analytics/evaluation_reports/"
        created = await client.post(reports, json={"evaluation": evaluation, "trigger_threshold": 10})
        assert created.status_code == 201
        changed, evaluation_changed, asked = await asyncio.gather(
            client.patch(f"{reports}{created.json()['id']}/", json={"enabled": False}),
            client.patch(f"evaluations/{evaluation}/", json={"deleted": True}),
            client.post(f"{reports}{created.json()['id']}/generate/"),
        )
        assert (changed.status_code, changed.json()["enabled"]) == (200, False)
        assert (evaluation_changed.status_code, evaluation_changed.json()["deleted"]) == (200, True)
        assert (asked.status_code, asked.json()["code"]) == (503, "service_unavailable")
