"""Assemble the API from the stores and a Temporal client."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from temporalio.client import Client

from api_shim.app import create_app
from api_shim.context import Deps
from assay.ports import EventWriter, HogRunner, ProviderDirectory
from assay.runtime import temporal_client
from assay.runtime.secrets import page_links
from assay.runtime.sentiment import sentiment_source
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores


def api(
    client: Client,
    settings: Settings,
    stores: Stores,
    *,
    writer: EventWriter,
    providers: ProviderDirectory,
    hog: HogRunner,
) -> Starlette:
    """The ASGI application."""

    async def check_temporal() -> None:
        await temporal_client.check(client)

    async def check_clickhouse() -> None:
        await asyncio.to_thread(stores.events.ping)

    return create_app(
        Deps(
            registry=stores.registry,
            events=stores.events,
            writer=writer,
            providers=providers,
            hog=hog,
            temporal=client,
            report_data=stores.report_data,
            page_links=page_links(settings),
            judged_runs=stores.judged_runs,
            traces=stores.traces,
            inputs=stores.inputs,
            sentiment=sentiment_source(settings),
            clustering_artefacts=stores.clustering_artefacts,
            trial_eval_limit=settings.trial_eval_limit,
            job_crons=settings.job_crons,
            throttle=settings.throttle,
            ready_checks={
                "temporal": check_temporal,
                "clickhouse": check_clickhouse,
                "registry": stores.registry.ping,
            },
        )
    )
