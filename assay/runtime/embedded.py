"""Everything in one process: API, all workers, embedded stores, and Temporal as a child.

chDB lets one process own its folder, so embedded mode is one process by nature; scale-out is
`assay api` and `assay worker` against shared services.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client

from assay.adapters.sql import BootstrapResult
from assay.runtime.app import api
from assay.runtime.data_dir import owned, prepare
from assay.runtime.delivery import report_delivery
from assay.runtime.hog import hog_processes
from assay.runtime.house import House, house_access
from assay.runtime.http_server import bind, serve
from assay.runtime.model import model_providers
from assay.runtime.schedules import ensure_job_schedules, ensure_schedules
from assay.runtime.settings import HouseSettings, Settings, external_temporal
from assay.runtime.stores import Stores, migrate_stores, open_stores
from assay.runtime.temporal_client import connect_child, connect_external
from assay.runtime.temporal_server import TemporalServer, temporal_server
from assay.runtime.workers import run_workers
from assay.runtime.writing import event_writers
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import register

_MODELS_WITHIN_SECONDS = 7.0
"""How long readiness waits for the process that asks models; on a slow machine the first verdict waits."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running engine.

    Attributes:
        api_url: base URL of the API.
        temporal_ui_url: the Temporal UI of the child; None when it is off or Temporal is external.
        bootstrapped: project 1 and, on the first start, the API key.
        started_in: seconds from the call to readiness.
        watched: tasks that end only when something broke; each returns one sentence.
    """

    settings: Settings
    api_url: str
    temporal_ui_url: str | None
    temporal: Client
    stores: Stores
    bootstrapped: BootstrapResult
    started_in: float
    watched: Sequence[asyncio.Task[str]]

    def workflow_url(self, workflow_id: str) -> str | None:
        """Where the Temporal UI shows a run; None without a UI."""
        if self.temporal_ui_url is None:
            return None
        return f"{self.temporal_ui_url}/namespaces/{self.temporal.namespace}/workflows/{workflow_id}"

    async def until_broken(self) -> str:
        """Wait until a part fails by itself; returns one sentence about it."""
        done, _ = await asyncio.wait(self.watched, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()


@asynccontextmanager
async def embedded(settings: Settings, *, house: House | None = None) -> AsyncIterator[Embedded]:
    """Run everything for the length of the block.

    Args:
        house: the operator's model access; None reads it from the environment.

    Raises:
        SetupError: something cannot start; one sentence says what and which setting changes it.
    """
    began = time.monotonic()
    data_dir = prepare(settings.data_dir)
    settings = settings.model_copy(update={"data_dir": data_dir})
    house = house_access(HouseSettings()) if house is None else house
    async with AsyncExitStack() as stack:
        stack.enter_context(owned(data_dir))
        listener = stack.enter_context(bind(settings.host, settings.port))
        providers = await stack.enter_async_context(model_providers(settings, house))
        child, client = await _temporal(stack, settings)
        stores = await stack.enter_async_context(open_stores(settings))
        bootstrapped = await migrate_stores(settings, stores)
        hog = hog_processes(settings)
        stack.push_async_callback(hog.close)
        writers = await stack.enter_async_context(event_writers(client, stores))
        working = await stack.enter_async_context(
            run_workers(
                client,
                settings,
                stores,
                tuple(TaskQueue),
                writer=writers.verdicts,
                model=providers.model,
                hog=hog,
                delivery=await stack.enter_async_context(report_delivery(settings)),
            )
        )
        await ensure_schedules(client, settings)
        await ensure_job_schedules(client, settings, stores.registry)
        app = api(client, settings, stores, writer=writers.captured, providers=providers.directory, hog=hog)
        serving = await stack.enter_async_context(serve(app, listener))
        if providers.starting is not None:
            patience = _MODELS_WITHIN_SECONDS - (time.monotonic() - began)
            await asyncio.wait([providers.starting], timeout=max(0.0, patience))
        watched = [working, serving]
        if child is not None:
            dying = asyncio.create_task(child.wait_for_death())
            stack.callback(dying.cancel)
            watched.append(dying)
        host, port = listener.getsockname()[:2]
        yield Embedded(
            settings=settings,
            api_url=f"http://{f'[{host}]' if ':' in host else host}:{port}",
            temporal_ui_url=child.ui_url if child else None,
            temporal=client,
            stores=stores,
            bootstrapped=bootstrapped,
            started_in=time.monotonic() - began,
            watched=watched,
        )


async def _temporal(stack: AsyncExitStack, settings: Settings) -> tuple[TemporalServer | None, Client]:
    external = external_temporal()
    if external is not None:
        client = await connect_external(external)
        await register(client)
        return None, client
    child = await stack.enter_async_context(
        temporal_server(settings.data_dir, port=settings.temporal_port, ui_port=settings.temporal_ui_port)
    )
    return child, await connect_child(child)
