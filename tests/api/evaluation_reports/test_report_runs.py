"""The runs of a report, as the API shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from assay.contracts.access import Project
from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus, ReportRun
from tests.api.conftest import Make
from tests.harness.api import ApiWorld, error
from tests.stores.registry.report_runs import NOW, content, metrics, run_of

NOT_FOUND = error("invalid_request", "not_found", "Not found.")
METRICS = {
    "total_runs": 10,
    "pass_count": 6,
    "fail_count": 3,
    "na_count": 1,
    "pass_rate": 66.67,
    "period_start": "2026-11-20T09:00:00Z",
    "period_end": "2026-11-21T09:00:00Z",
    "previous_total_runs": 4,
    "previous_pass_rate": 75.0,
    "output_type": "boolean",
    "result_counts": {"pass": 6, "fail": 3, "na": 1},
    "result_rates": {"pass": 60.0, "fail": 30.0, "na": 10.0},
    "pass_rate_interval": [35.42, 87.94],
    "previous_result_counts": {"fail": 1, "pass": 3},
    "previous_result_rates": {"fail": 25.0, "pass": 75.0},
    "previous_pass_rate_interval": [30.06, 95.44],
    "change": {"percentage_points": -8.33, "p_value": 0.764, "is_significant": False},
}


@pytest.fixture
async def report(world: ApiWorld, project: Project, make_report: Make) -> EvaluationReport:
    created = await make_report()
    report = await world.registry.evaluation_reports.get(project.id, UUID(created["id"]))
    assert report is not None
    return report


@pytest.fixture
def runs(reports: str, report: EvaluationReport) -> str:
    """The runs of the report."""
    return f"{reports}{report.id}/runs/"


async def stored(world: ApiWorld, report: EvaluationReport, **changes: Any) -> ReportRun:
    return await world.registry.report_runs.create(run_of(report, **{"content": content()} | changes))


async def test_a_run(world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, runs: str) -> None:
    run = await stored(
        world,
        report,
        delivery_status=DeliveryStatus.PARTIAL_FAILURE,
        delivery_errors=("a@b.c: no such mailbox",),
        model="openai/gpt-5-mini",
        cost_usd=0.1,
    )
    response = await client.get(runs)
    assert response.status_code == 200
    (body,) = response.json()["results"]
    expected = {
        "id": str(run.id),
        "report": str(report.id),
        "content": {
            "title": "Größe",
            "sections": [{"title": "Überblick", "content": "**66.67 %** passed. 🙂"}],
            "citations": [
                {
                    "generation_id": str(UUID(int=1)),
                    "trace_id": "t-1",
                    "reason": "rude",
                    "session_id": "",
                }
            ],
            "metrics": METRICS,
            "generation_status": "completed",
            "fallback_reason": None,
        },
        "metadata": METRICS,
        "period_start": "2026-11-20T09:00:00Z",
        "period_end": "2026-11-21T09:00:00Z",
        "delivery_status": "partial_failure",
        "delivery_errors": ["a@b.c: no such mailbox"],
        "created_at": "2026-11-21T09:00:00Z",
    }
    assert body == expected
    assert list(body) == list(expected)
    assert list(body["content"]) == list(expected["content"])  # type: ignore[call-overload]
    assert list(body["metadata"]) == list(METRICS)
    assert list(body["metadata"]["previous_result_counts"]) == ["fail", "pass"]


async def test_what_there_is_nothing_to_compare_with(
    world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, runs: str
) -> None:
    first = metrics(
        previous_total_runs=None,
        previous_result_counts={},
        previous_result_rates={},
        previous_pass_rate=None,
        previous_pass_rate_interval=None,
        change=None,
    )
    await stored(world, report, content=content(metrics=first, fallback_reason="No model is configured."))
    shown = (await client.get(runs)).json()["results"][0]
    assert (
        shown["metadata"]
        == shown["content"]["metrics"]
        == METRICS
        | {
            "previous_total_runs": None,
            "previous_result_counts": {},
            "previous_result_rates": {},
            "previous_pass_rate": None,
            "previous_pass_rate_interval": None,
            "change": None,
        }
    )
    assert shown["content"]["fallback_reason"] == "No model is configured."


async def test_a_run_without_numbers(
    world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, runs: str
) -> None:
    unknown = content(metrics=None, generation_status=GenerationStatus.METRICS_UNAVAILABLE)
    await stored(world, report, content=unknown)
    shown = (await client.get(runs)).json()["results"][0]
    assert (shown["metadata"], shown["content"]["metrics"]) == ({}, {})
    assert shown["content"]["generation_status"] == "metrics_unavailable"


async def test_they_are_listed_newest_first_in_pages_once_they_are_written(
    world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, runs: str, make_report: Make
) -> None:
    made = [
        str((await stored(world, report, created_at=NOW + timedelta(minutes=minute))).id)
        for minute in (2, 0, 1)
    ]
    newest_first = [made[0], made[2], made[1]]
    await stored(world, report, content=None)
    await stored(world, report, content=content(generation_status=GenerationStatus.PENDING))

    body = (await client.get(runs)).json()
    assert body["count"] == 3
    assert [run["id"] for run in body["results"]] == newest_first
    page = (await client.get(f"{runs}?limit=1&offset=1")).json()
    assert [run["id"] for run in page["results"]] == newest_first[1:2]
    assert page["next"].endswith("/runs/?limit=1&offset=2")
    assert page["previous"].endswith("/runs/?limit=1")


async def test_each_report_has_its_own(
    world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, reports: str, make_report: Make
) -> None:
    await stored(world, report)
    other = await make_report()
    body = (await client.get(f"{reports}{other['id']}/runs")).json()
    assert body == {"count": 0, "next": None, "previous": None, "results": []}


async def test_runs_of_a_disabled_report_are_shown_those_of_a_deleted_one_are_not(
    world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, reports: str, runs: str
) -> None:
    await stored(world, report)
    await client.patch(f"{reports}{report.id}/", json={"enabled": False})
    assert (await client.get(runs)).json()["count"] == 1
    await client.patch(f"{reports}{report.id}/", json={"deleted": True})
    response = await client.get(runs)
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_unknown_malformed_and_foreign_reports_are_not_found(
    world: ApiWorld, client: httpx.AsyncClient, report: EvaluationReport, reports: str
) -> None:
    await stored(world, report)
    foreign = f"/api/environments/1/llm_analytics/evaluation_reports/{report.id}/"
    for address in (f"{reports}{uuid4()}/", f"{reports}zzz/", foreign):
        response = await client.get(f"{address}runs/")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_who_may_look(world: ApiWorld, project: Project, runs: str) -> None:
    keys = [
        (("llm_analytics:read",), project.id, 200),
        (("llm_analytics:write",), project.id, 200),
        (("evaluation:write",), project.id, 403),
        (("llm_analytics:read",), 1, 403),
    ]
    for scopes, project_id, status in keys:
        async with world.client(key=await world.new_key(*scopes, project_id=project_id)) as caller:
            assert (await caller.get(runs)).status_code == status
    async with world.client(key=None) as nobody:
        assert (await nobody.get(runs)).status_code == 401


async def test_they_are_only_read(client: httpx.AsyncClient, runs: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = await client.request(method, runs, json={})
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
