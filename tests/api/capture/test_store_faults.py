"""What senders hear when a store fails, and how often the registry is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client

from api_shim.app import create_app
from api_shim.context import Deps
from api_shim.known_projects import REMEMBERED_SECONDS
from assay.adapters.event_writer import BlockEventWriter
from assay.adapters.sql import SqlRegistry, bootstrap, migrate, open_registry
from assay.contracts.events import Event
from assay.contracts.sentiment import SentimentSource
from assay.domain.signed_links import PageLinks
from assay.errors import EventsRejected, StoreUnavailable
from assay.ports import (
    ClusteringArtefacts,
    GenerationInputs,
    HogRunner,
    JudgedRuns,
    ProviderDirectory,
    ReportData,
    TraceReads,
)
from tests.api.capture.memory_store import MemoryStore

TOKEN = "phc_store_faults"
V1 = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Ingestion:
    client: httpx.AsyncClient
    store: MemoryStore
    registry: SqlRegistry
    now: float = 0.0

    async def post(self, *batch: Any, path: str = "/batch/") -> httpx.Response:
        return await self.client.post(path, json={"api_key": TOKEN, "batch": list(batch)}, headers=V1)


@pytest.fixture
async def ingestion(tmp_path: Path) -> AsyncIterator[Ingestion]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'registry.sqlite'}"
    await migrate(url)
    registry = open_registry(url, secrets=("a secret of these tests",))
    await bootstrap(registry, api_key=None, project_token=TOKEN, user_email="a@localhost", ai_consent=True)
    store = MemoryStore()
    writer = BlockEventWriter(store)
    deps = Deps(
        registry=registry,
        events=store,
        writer=writer,
        providers=cast(ProviderDirectory, None),  # ingestion touches neither providers
        hog=cast(HogRunner, None),  # nor programs
        temporal=cast(Client, None),  # nor Temporal
        report_data=cast(ReportData, None),  # nor reports
        page_links=cast(PageLinks, None),
        judged_runs=cast(JudgedRuns, None),
        traces=cast(TraceReads, None),
        inputs=cast(GenerationInputs, None),
        sentiment=cast(SentimentSource, None),
        clustering_artefacts=cast(ClusteringArtefacts, None),
        trial_eval_limit=0,
        throttle=True,
        ready_checks={},
        clock=lambda: running.now,
    )
    transport = httpx.ASGITransport(create_app(deps), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://assay") as client:
        running = Ingestion(client, store, registry)
        yield running
    await writer.aclose()
    await registry.close()


def made(name: str = "good") -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"event": name, "distinct_id": "u", "uuid": str(uuid4()), "timestamp": now, "properties": {}}


def refuses_bad(events: Sequence[Event]) -> Exception | None:
    return EventsRejected("no such value") if any(event.event == "bad" for event in events) else None


PATHS = pytest.mark.parametrize("path", ["/batch/", "/i/v1/analytics/events"])


@PATHS
async def test_while_the_event_store_is_down(ingestion: Ingestion, path: str) -> None:
    ingestion.store.fault = lambda _: StoreUnavailable("The event store did not answer.", retry_after=2.5)
    response = await ingestion.post(made(), path=path)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "3"
    assert response.json()["code"] == "store_unavailable"
    ingestion.store.fault = lambda _: None
    assert (await ingestion.post(made(), path=path)).status_code == 200


@PATHS
async def test_a_failure_that_nobody_foresaw(ingestion: Ingestion, path: str) -> None:
    ingestion.store.fault = lambda _: KeyError("a value of a customer")
    response = await ingestion.post(made(), path=path)
    assert response.status_code == 500
    assert "customer" not in response.text


async def test_v0_names_events_that_the_store_refuses(ingestion: Ingestion) -> None:
    ingestion.store.fault = refuses_bad
    bad, good = made("bad"), made()
    response = await ingestion.post("nothing", bad, good)
    assert response.status_code == 200
    refused = response.json()["refused"]
    assert [item["index"] for item in refused] == [0, 1]
    assert refused[1] == {
        "index": 1,
        "uuid": bad["uuid"],
        "event": "bad",
        "code": "refused_by_store",
        "reason": "no such value",
    }
    assert {str(uuid) for uuid in ingestion.store.stored} == {good["uuid"]}


async def test_v1_names_events_that_the_store_refuses(ingestion: Ingestion) -> None:
    ingestion.store.fault = refuses_bad
    bad, good = made("bad"), made()
    response = await ingestion.post(bad, good, path="/i/v1/analytics/events")
    assert response.json()["results"] == {
        bad["uuid"]: {"result": "drop", "details": "no such value"},
        good["uuid"]: {"result": "ok"},
    }


async def test_the_registry_is_asked_for_a_token_once_a_minute(
    ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    access = ingestion.registry.access
    real = access.project_by_token

    async def counting(token: str) -> Any:
        asked.append(token)
        return await real(token)

    monkeypatch.setattr(access, "project_by_token", counting)
    for _ in range(3):
        assert (await ingestion.post(made())).status_code == 200
    assert asked == [TOKEN]
    ingestion.now += REMEMBERED_SECONDS
    assert (await ingestion.post(made())).status_code == 200
    assert asked == [TOKEN, TOKEN]


async def test_unknown_tokens_are_not_remembered(ingestion: Ingestion) -> None:
    body = {"api_key": "phc_new", "batch": [made()]}
    assert (await ingestion.client.post("/batch/", json=body)).status_code == 401
    project = await ingestion.registry.access.create_project("new")
    body["api_key"] = project.token
    assert (await ingestion.client.post("/batch/", json=body)).status_code == 200
    ((event,),) = ingestion.store.blocks
    assert event.project_id == project.id
