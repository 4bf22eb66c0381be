"""The API over the embedded stores, in a process of its own: chDB gives a folder to one process.

Usage: python -m tests.api.capture.server DATA_DIR

Prints the port when it is ready. Two routes beyond the API's let tests read what is stored.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from datetime import date
from pathlib import Path
from typing import cast
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.client import Client

from api_shim.app import create_app
from api_shim.context import Deps, deps_of
from assay.adapters.clickhouse import open_event_store
from assay.adapters.event_writer import BlockEventWriter
from assay.adapters.sql import bootstrap, migrate, open_registry
from assay.contracts.events import Event, EventRef
from assay.contracts.sentiment import SentimentSource
from assay.domain.signed_links import PageLinks
from assay.ports import (
    ClusteringArtefacts,
    GenerationInputs,
    HogRunner,
    JudgedRuns,
    ProviderDirectory,
    ReportData,
    TraceReads,
)
from assay.runtime import http_server

TOKEN = "phc_capture_tests"
API_KEY = "phx_capture_tests"


async def trace(request: Request) -> Response:
    store = deps_of(request).events
    events = await asyncio.to_thread(store.trace, 1, request.path_params["trace_id"], limit=100_000)
    return _json(events)


async def find(request: Request) -> Response:
    query = request.query_params
    ref = EventRef(
        project_id=1, event=query["event"], uuid=UUID(query["uuid"]), day=date.fromisoformat(query["day"])
    )
    event = await asyncio.to_thread(deps_of(request).events.find_event, ref)
    return _json([event] if event else [])


def _json(events: list[Event]) -> Response:
    return Response(orjson.dumps([event.model_dump() for event in events]), media_type="application/json")


async def serve(folder: Path) -> None:
    registry_url = f"sqlite+aiosqlite:///{folder / 'registry.sqlite'}"
    await migrate(registry_url)
    async with AsyncExitStack() as stack:
        registry = open_registry(registry_url, secrets=("a secret of the capture tests",))
        stack.push_async_callback(registry.close)
        await bootstrap(
            registry,
            api_key=API_KEY,
            project_token=TOKEN,
            user_email="tests@localhost",
            ai_consent=True,
        )
        events = open_event_store(url=None, path=folder / "events")
        stack.callback(events.close)
        events.migrate()
        writer = BlockEventWriter(events)
        stack.push_async_callback(writer.aclose)
        app = create_app(
            Deps(
                registry=registry,
                events=events,
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
            ),
            extra_routes=[Route("/_trace/{trace_id}", trace), Route("/_find", find)],
        )
        listener = http_server.bind("127.0.0.1", 0)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        async with http_server.serve(app, listener):
            sys.stdout.write(f"{listener.getsockname()[1]}\n")
            sys.stdout.flush()
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
