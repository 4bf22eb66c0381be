"""`/llm_analytics/clustering_runs/` and `clustering_jobs/:id/run`, over a real Temporal server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts, open_event_store
from assay.contracts.access import Project
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunStatus, ClusteringTrigger
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.clustering_rows import clustering_run_uuid
from assay.temporal.ids import clustering_schedule_id
from assay.temporal.priorities import Rank
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import JOB, PROJECT, TRIGGER
from tests.api.clustering.runs import find_clusters, finish
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error
from tests.harness.temporal import dev_server, terminate

NOT_FOUND = error("invalid_request", "not_found", "Not found.")


@pytest.fixture(scope="module")
async def temporal(world: ApiWorld) -> AsyncIterator[Client]:
    """A server for each registry: their projects have the same ids. No worker does anything."""
    async with dev_server() as client:
        yield client


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseClusteringArtefacts]:
    store = open_event_store(url=None, path=tmp_path_factory.mktemp("events"))
    store.migrate()
    yield ClickHouseClusteringArtefacts(store.connection)
    store.close()


@pytest.fixture
async def client(
    world: ApiWorld, temporal: Client, artefacts: ClickHouseClusteringArtefacts
) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(temporal=temporal, clustering_artefacts=artefacts) as client:
        yield client


@pytest.fixture
def runs(project: Project) -> str:
    """The list of runs of the test's own project."""
    return f"/api/environments/{project.id}/llm_analytics/clustering_runs/"


async def begin(client: httpx.AsyncClient, runs: str, **body: Any) -> dict[str, Any]:
    response = await client.post(runs, json=body)
    assert response.status_code == 202, response.text
    begun: dict[str, Any] = response.json()
    return begun


async def stored(world: ApiWorld, project: Project, begun: dict[str, Any]) -> ClusteringRun:
    run = await world.registry.clustering_runs.get(project.id, UUID(begun["id"]))
    assert run is not None
    return run


async def given_to(temporal: Client, begun: dict[str, Any]) -> ClusteringRunInput:
    history = await temporal.get_workflow_handle(begun["workflow_id"]).fetch_history()
    payloads = history.events[0].workflow_execution_started_event_attributes.input.payloads
    [given] = await temporal.data_converter.decode(payloads, [ClusteringRunInput])
    assert isinstance(given, ClusteringRunInput)
    return given


async def test_a_run_is_a_workflow_that_says_what_it_is(
    client: httpx.AsyncClient, runs: str, jobs: str, *, new_job: Make, temporal: Client, project: Project
) -> None:
    job = await new_job("Checkout", analysis_level="generation", enabled=False)
    before = datetime.now(UTC).replace(microsecond=0)

    response = await client.post(
        f"{jobs}{job['id']}/run/", json={"days": 14, "max_items": "50", "run_label": "after_release"}
    )

    assert response.status_code == 202
    begun = response.json()
    at = datetime.fromisoformat(begun["window_end"])
    assert before <= at <= datetime.now(UTC)
    assert at - datetime.fromisoformat(begun["window_start"]) == timedelta(days=14)
    assert begun["workflow_id"] == f"clustering-run-{job['id']}-{at:%Y-%m-%dT%H:%M:%SZ}"
    assert begun["run_id"] == f"{project.id}_generation_{at:%Y%m%d_%H%M%S}_{job['id']}_after_release"
    assert begun["id"] == str(clustering_run_uuid(begun["workflow_id"]))
    expected = {
        "job_id": job["id"],
        "job_name": "Checkout",
        "analysis_level": "generation",
        "trigger": "manual",
        "status": "queued",
        "reason": None,
        "finished_at": None,
        "already_running": False,
    }
    assert {name: begun[name] for name in expected} == expected

    described = await temporal.get_workflow_handle(begun["workflow_id"]).describe()
    assert described.workflow_type == "clustering-run"
    assert described.raw_info.priority.priority_key == Rank.MANUAL
    attributes = described.typed_search_attributes
    found = [attributes.get(key) for key in (PROJECT, JOB, TRIGGER)]
    assert found == [str(project.id), job["id"], "manual"]
    assert await described.static_summary() == "Clusters of the generations of 14 days for “Checkout”"
    details = await described.static_details()
    assert details is not None
    assert "50 at most" in details
    assert await given_to(temporal, begun) == ClusteringRunInput(
        project_id=project.id,
        job_id=UUID(job["id"]),
        trigger=ClusteringTrigger.MANUAL,
        days=14,
        max_items=50,
        run_label="after_release",
        at=at,
    )
    shown = (await client.get(f"{runs}{begun['id']}/")).json()
    assert (shown["status"], shown["step"], shown["clusters"], shown["noise"]) == ("queued", None, [], None)


async def test_the_body_may_be_left_out(
    client: httpx.AsyncClient, jobs: str, new_job: Make, temporal: Client
) -> None:
    job = await new_job()
    response = await client.post(f"{jobs}{job['id']}/run")
    assert response.status_code == 202
    given = await given_to(temporal, response.json())
    assert (given.days, given.max_items, given.run_label) == (7, 2000, "")


async def test_a_project_without_jobs_runs_by_its_configuration(
    client: httpx.AsyncClient, runs: str, new_job: Make, project: Project
) -> None:
    begun = await begin(client, runs)
    assert begun["workflow_id"].startswith(f"{clustering_schedule_id(project.id, None)}-20")
    assert (begun["job_id"], begun["job_name"], begun["analysis_level"]) == (None, None, "trace")

    job = await new_job()
    refused = await client.post(runs, json={"job_id": None})
    assert (refused.status_code, refused.json()) == (
        400,
        error("validation_error", "required", "The project has clustering jobs: name one.", "job_id"),
    )
    assert (await begin(client, runs, job_id=job["id"]))["job_id"] == job["id"]


async def test_what_is_under_way_is_the_answer(
    client: httpx.AsyncClient, runs: str, new_job: Make, world: ApiWorld, project: Project
) -> None:
    job, other = await new_job("One"), await new_job("Other")
    begun = await begin(client, runs, job_id=job["id"])
    again = await begin(client, runs, job_id=job["id"], days=30)
    assert again == begun | {"already_running": True}
    assert (await begin(client, runs, job_id=other["id"]))["already_running"] is False

    await finish(world.registry, await stored(world, project, begun))
    await asyncio.sleep(1)  # a run's name is of the second
    anew = await begin(client, runs, job_id=job["id"])
    assert (anew["already_running"], anew["id"] != begun["id"]) == (False, True)
    running = await world.registry.clustering_runs.open(await stored(world, project, anew))
    assert (str(running.id), str(running.previous)) == (anew["id"], begun["id"])
    again = await begin(client, runs, job_id=job["id"])
    assert (again["id"], again["status"], again["already_running"]) == (anew["id"], "running", True)


async def test_a_run_that_was_terminated_does_not_stand_in_the_way(
    client: httpx.AsyncClient, runs: str, new_job: Make, temporal: Client
) -> None:
    job = await new_job()
    begun = await begin(client, runs, job_id=job["id"])
    await terminate(temporal.get_workflow_handle(begun["workflow_id"]))
    await asyncio.sleep(1)  # a run's name is of the second
    anew = await begin(client, runs, job_id=job["id"])
    assert (anew["already_running"], anew["id"] != begun["id"]) == (False, True)
    left = (await client.get(f"{runs}{begun['id']}/")).json()
    assert (left["status"], left["reason"].partition(":")[0]) == ("failed", "terminated")


async def test_two_of_one_second_are_one(
    client: httpx.AsyncClient, runs: str, new_job: Make, temporal: Client
) -> None:
    job = await new_job()
    begun = await asyncio.gather(*(begin(client, runs, job_id=job["id"]) for _ in range(4)))
    seconds = {each["window_end"] for each in begun}
    assert len({each["id"] for each in begun}) == len(seconds)
    assert [each["already_running"] for each in begun].count(False) == len(seconds)


async def test_a_run_shows_its_clusters(
    client: httpx.AsyncClient,
    runs: str,
    world: ApiWorld,
    project: Project,
    artefacts: ClickHouseClusteringArtefacts,
) -> None:
    run = await stored(world, project, await begin(client, runs))
    find_clusters(artefacts, run)
    await finish(world.registry, run)

    shown = (await client.get(f"{runs}{run.id}/", params={"samples": 2})).json()

    assert (shown["status"], shown["cost_usd"], shown["step"]) == ("completed", 0.25, None)
    assert shown["counts"] == {
        "found": 9, "items": 5, "without_text": 1, "clusters": 2, "noise": 1, "died": [3],
    }  # fmt: skip
    assert shown["parameters"] == {"clustering_method": "hdbscan"}
    first, second = shown["clusters"]
    metrics, samples = first.pop("metrics"), first.pop("samples")
    assert first == {
        "id": 7,
        "size": 3,
        "title": "Refunds [bold]wanted",
        "description": "- Money\n- Back",
        "label_source": "model",
        "keywords": ["refund", "money"],
        "change": "merged",
        "previous": [7, 3],
        "similarity": 0.75,
    }
    assert (metrics["item_count"], metrics["total_cost"], metrics["pass_rate"]) == (3, 1.5, 0.5)
    assert metrics["avg_latency"] is None
    assert metrics["sentiment"] == {"positive": 0.1, "neutral": 0.2, "negative": 0.7, "items": 3}
    assert [(each["id"], each["rank"], each["title"]) for each in samples] == [
        ("trace-0", 0, "A refund"),
        ("trace-1", 1, None),
    ]
    assert len(samples[0]["text"]) == 500
    assert (samples[0]["trace_id"], samples[0]["generation_id"]) == ("trace-0", None)
    assert samples[0]["distance_to_centroid"] == 0.25
    unknown = ("title", "description", "label_source", "change", "similarity", "metrics")
    assert {second[name] for name in unknown} == {None}
    assert (shown["noise"]["id"], [each["id"] for each in shown["noise"]["samples"]]) == (-1, ["trace-4"])

    without = (await client.get(f"{runs}{run.id}/", params={"samples": 0})).json()
    assert [cluster["samples"] for cluster in without["clusters"]] == [[], []]
    by_default = (await client.get(f"{runs}{run.id}/")).json()
    assert len(by_default["clusters"][0]["samples"]) == 3


async def test_its_link_opens_its_page(
    world: ApiWorld, client: httpx.AsyncClient, runs: str, artefacts: ClickHouseClusteringArtefacts
) -> None:
    begun = await begin(client, runs)
    assert begun["url"].startswith(f"http://assay.test/clusters/{begun['id']}?expires=")
    async with world.client(key=None, clustering_artefacts=artefacts) as anybody:
        page = await anybody.get(begun["url"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def is_at(client: httpx.AsyncClient, run: str, step: str) -> None:
    while (await client.get(run)).json()["step"] != step:  # noqa: ASYNC110  (the API signals nothing)
        await asyncio.sleep(0.05)


@workflow.defn(name="clustering-run", sandboxed=False)
class Scripted:
    """A run that is at a step, and ends after it was cancelled, for as long as the test likes."""

    def __init__(self) -> None:
        self._may_end = False

    @workflow.run
    async def run(self, given: ClusteringRunInput) -> None:
        try:
            await workflow.execute_activity(
                "embed-clustering-items", start_to_close_timeout=timedelta(minutes=1)
            )
        finally:
            await workflow.wait_condition(lambda: self._may_end)

    @workflow.signal
    def end(self) -> None:
        self._may_end = True


class Step:
    """A step of a run that takes until the test has seen enough."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    @activity.defn(name="embed-clustering-items")
    async def embed(self) -> None:
        await self.over.wait()


async def test_a_run_shows_the_step_that_it_is_at_and_can_be_cancelled(
    client: httpx.AsyncClient, runs: str, temporal: Client
) -> None:
    step = Step()
    async with Worker(temporal, task_queue=TaskQueue.MAIN, workflows=[Scripted], activities=[step.embed]):
        begun = await begin(client, runs)
        async with asyncio.timeout(40):
            await is_at(client, f"{runs}{begun['id']}/", "embed-clustering-items")
        cancelled = await client.post(f"{runs}{begun['id']}/cancel/")
        assert (cancelled.status_code, cancelled.json()["id"]) == (202, begun["id"])
        assert cancelled.json()["status"] == "queued"
        handle = temporal.get_workflow_handle(begun["workflow_id"])
        await handle.signal(Scripted.end)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        step.over.set()
    # This one said nothing of its end. Whoever asks once more is told what it came to.
    again = await client.post(f"{runs}{begun['id']}/cancel/")
    assert (again.status_code, again.json()["status"]) == (202, "failed")
    refused = await client.post(f"{runs}{begun['id']}/cancel/")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The run has ended: failed.")


async def test_lists_newest_first_page_by_page_and_filtered(
    client: httpx.AsyncClient, runs: str, new_job: Make, world: ApiWorld, project: Project
) -> None:
    made = []
    for name, level in (("a", "trace"), ("b", "generation"), ("c", "trace")):
        job = await new_job(name, analysis_level=level)
        made.append(await begin(client, runs, job_id=job["id"]))
    first, second, third = (each["id"] for each in made)
    await finish(world.registry, await stored(world, project, made[0]), status=ClusteringRunStatus.SKIPPED)

    page = (await client.get(runs, params={"limit": "2"})).json()
    assert ([run["id"] for run in page["results"]], page["count"]) == ([third, second], 3)
    page = (await client.get(page["next"])).json()
    assert ([run["id"] for run in page["results"]], page["next"]) == ([first], None)
    assert "clusters" not in page["results"][0]
    for query, expected in (
        ({"job_id": made[1]["job_id"]}, [second]),
        ({"status": "skipped"}, [first]),
        ({"status": "queued", "analysis_level": "trace"}, [third]),
        ({"analysis_level": ""}, [third, second, first]),
        ({"job_id": str(uuid4())}, []),
    ):
        page = (await client.get(runs, params=query)).json()
        assert [run["id"] for run in page["results"]] == expected, query


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({"days": 0}, "days", "min_value"),
        ({"days": 91}, "days", "max_value"),
        ({"days": "a week"}, "days", "invalid_input"),
        ({"max_items": 0}, "max_items", "min_value"),
        ({"max_items": 50_001}, "max_items", "max_value"),
        ({"max_items": None}, "max_items", "null"),
        ({"run_label": "x" * 41}, "run_label", "max_length"),
        ({"run_label": "after release"}, "run_label", "invalid_input"),
        ({"run_label": "ä"}, "run_label", "invalid_input"),
        ({"job_id": "zzz"}, "job_id", "invalid_input"),
    ],
    ids=lambda value: None,
)
async def test_refused_fields_are_named(
    client: httpx.AsyncClient, runs: str, jobs: str, *, new_job: Make, body: Any, attr: str, code: str
) -> None:
    job = await new_job()
    for address in (runs, f"{jobs}{job['id']}/run/")[: 1 if "job_id" in body else 2]:
        response = await client.post(address, json=body)
        assert response.status_code == 400
        assert {name: response.json()[name] for name in ("attr", "code")} == {"attr": attr, "code": code}
    assert (await client.get(runs)).json()["count"] == 0


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"status": "late"}, "status"),
        ({"analysis_level": "x"}, "analysis_level"),
        ({"job_id": "7"}, "job_id"),
    ],
    ids=["status", "analysis_level", "job_id"],
)
async def test_refused_filters_are_named(
    client: httpx.AsyncClient, runs: str, query: dict[str, str], attr: str
) -> None:
    response = await client.get(runs, params=query)
    assert (response.status_code, response.json()["attr"]) == (400, attr)


async def test_what_the_project_does_not_have_is_not_found(
    client: httpx.AsyncClient, runs: str, jobs: str, new_job: Make
) -> None:
    begun = await begin(client, runs)
    job = await new_job()
    elsewhere = "/api/environments/1/llm_analytics"
    for method, address in (
        ("GET", f"{runs}{uuid4()}/"),
        ("GET", f"{runs}zzz/"),
        ("POST", f"{runs}{uuid4()}/cancel/"),
        ("POST", f"{jobs}{uuid4()}/run/"),
        ("GET", f"{elsewhere}/clustering_runs/{begun['id']}/"),
        ("POST", f"{elsewhere}/clustering_runs/{begun['id']}/cancel/"),
        ("POST", f"{elsewhere}/clustering_jobs/{job['id']}/run/"),
    ):
        response = await client.request(method, address, json={"days": 0} if method == "POST" else None)
        assert (response.status_code, response.json()) == (404, NOT_FOUND), address
    response = await client.post(runs, json={"job_id": str(uuid4())})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_scopes(world: ApiWorld, temporal: Client, runs: str, jobs: str) -> None:
    async with world.client(key=await world.new_key("llm_analytics:read"), temporal=temporal) as reader:
        assert (await reader.get(runs)).status_code == 200
        for address in (runs, f"{runs}{uuid4()}/cancel/", f"{jobs}{uuid4()}/run/"):
            response = await reader.post(address)
            assert response.status_code == 403
            assert "llm_analytics:write" in response.json()["detail"]
    async with world.client(key=await world.new_key("evaluation:write")) as other:
        assert (await other.get(runs)).status_code == 403


async def test_nothing_is_acknowledged_while_temporal_is_away(
    world: ApiWorld, runs: str, client: httpx.AsyncClient, artefacts: ClickHouseClusteringArtefacts
) -> None:
    begun = await begin(client, runs)
    async with dev_server() as away:
        pass
    async with world.client(temporal=away, clustering_artefacts=artefacts) as late:
        started, cancelled, shown = await asyncio.gather(
            late.post(runs), late.post(f"{runs}{begun['id']}/cancel/"), late.get(f"{runs}{begun['id']}/")
        )
    assert [started.status_code, cancelled.status_code] == [503, 503]
    assert {each.json()["code"] for each in (started, cancelled)} == {"service_unavailable"}
    assert (shown.status_code, shown.json()["step"]) == (200, None)


async def test_they_are_described_as_our_own(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    prefix = "/api/environments/{project_id}/llm_analytics/"
    for path, method in (
        ("clustering_runs/", "get"),
        ("clustering_runs/", "post"),
        ("clustering_runs/{id}/", "get"),
        ("clustering_runs/{id}/cancel/", "post"),
        ("clustering_jobs/{id}/run/", "post"),
    ):
        assert paths[f"{prefix}{path}"][method]["x-assay-extension"] is True
