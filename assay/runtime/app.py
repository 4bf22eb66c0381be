"""Assemble the API from the stores and a Temporal client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from temporalio.client import Client

from api_shim.app import create_app
from api_shim.context import Deps
from api_shim.event_writer import EventWriter
from assay.ports import HogRunner, ProviderDirectory
from assay.runtime import temporal_client
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores


@asynccontextmanager
async def api(
    client: Client,
    settings: Settings,
    stores: Stores,
    *,
    providers: ProviderDirectory,
    hog: HogRunner,
) -> AsyncIterator[Starlette]:
    """The ASGI application; what it accepted is written before the block ends."""

    async def check_temporal() -> None:
        await temporal_client.check(client)

    async def check_clickhouse() -> None:
        await asyncio.to_thread(stores.events.ping)

    writer = EventWriter(stores.events)
    try:
        yield create_app(
            Deps(
                registry=stores.registry,
                events=stores.events,
                writer=writer,
                providers=providers,
                hog=hog,
                temporal=client,
                trial_eval_limit=settings.trial_eval_limit,
                throttle=settings.throttle,
                ready_checks={
                    "temporal": check_temporal,
                    "clickhouse": check_clickhouse,
                    "registry": stores.registry.ping,
                },
            )
        )
    finally:
        await writer.aclose()
