"""Commands that serve: `dev`, `api`, `worker`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

import click
import uvloop
from prometheus_client import start_http_server
from temporalio.client import Client

from assay.adapters.memory import settle_memory
from assay.errors import SetupError
from assay.runtime.app import api as api_app
from assay.runtime.delivery import report_delivery
from assay.runtime.embedded import Embedded, embedded
from assay.runtime.engine_process import READY_LINE
from assay.runtime.hog import hog_processes
from assay.runtime.house import house_access
from assay.runtime.http_server import bind
from assay.runtime.http_server import serve as serve_http
from assay.runtime.logs import configure_logs
from assay.runtime.model import model_providers, provider_directory
from assay.runtime.schedules import ensure_job_schedules, ensure_schedules
from assay.runtime.settings import HouseSettings, Settings, external_temporal, load_settings
from assay.runtime.stores import Stores, open_stores
from assay.runtime.temporal_client import connect_external
from assay.runtime.workers import run_workers
from assay.runtime.writing import event_writers
from assay.temporal.queues import TaskQueue

_THREADS = 32


@click.command()
def dev() -> None:
    """Run everything on this machine: API, all workers, embedded stores, Temporal and its UI.

    \b
    Example:
      assay dev
      ASSAY_PORT=9000 ASSAY_TEMPORAL_UI_PORT=0 assay dev     # other port, no Temporal UI
    """
    configure_logs()
    run(_dev)


@click.command()
def api() -> None:
    """Serve the HTTP API against shared services (Temporal, ClickHouse, PostgreSQL).

    \b
    Example:
      TEMPORAL_ADDRESS=temporal:7233 ASSAY_CLICKHOUSE_URL=http://clickhouse:8123/assay \\
      ASSAY_DATABASE_URL=postgresql+asyncpg://assay:…@postgres/assay ASSAY_SECRET_KEYS=… \\
      assay api
    """
    configure_logs()
    run(_api)


@click.command()
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice([queue.value for queue in TaskQueue]),
    help="Task queue to poll; repeat for several. Default: all.",
)
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Serve Prometheus metrics on this port.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address of the metrics port.")
def worker(queues: tuple[str, ...], metrics_port: int | None, metrics_host: str) -> None:
    """Run Temporal workers against shared services (Temporal, ClickHouse, PostgreSQL).

    \b
    Example:
      assay worker                       # all queues
      assay worker --queue assay-llm     # model calls only
    """
    configure_logs()
    if metrics_port is not None:
        start_http_server(metrics_port, addr=metrics_host)
    chosen = tuple(TaskQueue(queue) for queue in queues) or tuple(TaskQueue)
    run(lambda stop: _worker(stop, chosen))


def run(serve_until: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a coroutine function with an event that SIGTERM or Ctrl-C sets."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        # Store calls and parsing block threads; the default of six would let one slow store hold up all.
        loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="blocking"))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        await serve_until(stop)

    asyncio.run(main(), loop_factory=uvloop.new_event_loop)


async def stopped_or_broken(
    stop: asyncio.Event, broken: Awaitable[str], *, also: asyncio.Event | None = None
) -> None:
    """Wait for the stop event (or the other one); raise SetupError if `broken` comes first."""
    settle_memory()
    breaking = asyncio.ensure_future(broken)
    stopping = [asyncio.create_task(event.wait()) for event in (stop, also) if event is not None]
    try:
        await asyncio.wait([breaking, *stopping], return_when=asyncio.FIRST_COMPLETED)
        if breaking.done():
            raise SetupError(breaking.result())
    finally:
        breaking.cancel()
        for task in stopping:
            task.cancel()


async def _dev(stop: asyncio.Event) -> None:
    async with embedded(load_settings()) as engine:
        announce(engine)
        await stopped_or_broken(stop, engine.until_broken())
        click.echo("Stopping …")
    click.echo("Stopped.")


def announce(engine: Embedded) -> None:
    """Say where everything is; show a new API key, once."""
    project = engine.bootstrapped.project
    click.echo(f"Assay is ready ({engine.started_in:.1f} s). Data: {engine.settings.data_dir}")
    click.echo(f"  API          {engine.api_url}/api/environments/{project.id}/")
    click.echo(f"  API docs     {engine.api_url}/docs")
    click.echo(f"  Temporal     {engine.temporal.service_client.config.target_host}")
    click.echo(f"  Temporal UI  {engine.temporal_ui_url or 'off'}")
    click.echo(f"  SDK host     {engine.api_url}   project token {project.token}")
    if engine.bootstrapped.new_api_key is not None:
        click.echo(f"  API key      {engine.bootstrapped.new_api_key}   (shown this once)")
    click.echo(READY_LINE)


@asynccontextmanager
async def _shared_services() -> AsyncIterator[tuple[Settings, Client, Stores]]:
    settings = load_settings()
    if settings.embedded_events:
        raise SetupError(
            "ASSAY_CLICKHOUSE_URL is not set, and the embedded event store belongs to one process: "
            "use `assay dev`, or set ASSAY_CLICKHOUSE_URL."
        )
    if settings.database_url is None:
        raise SetupError("ASSAY_DATABASE_URL is not set: all processes need the same PostgreSQL registry.")
    external = external_temporal()
    if external is None:
        raise SetupError("TEMPORAL_ADDRESS is not set: name the Temporal service, or use `assay dev`.")
    async with AsyncExitStack() as stack:
        client = await connect_external(external)
        stores = await stack.enter_async_context(open_stores(settings))
        yield settings, client, stores


async def _api(stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        settings, client, stores = await stack.enter_async_context(_shared_services())
        listener = stack.enter_context(bind(settings.host, settings.port))
        providers = await stack.enter_async_context(provider_directory(settings))
        hog = hog_processes(settings)
        stack.push_async_callback(hog.close)
        writers = await stack.enter_async_context(event_writers(client, stores))
        app = api_app(client, settings, stores, writer=writers.captured, providers=providers, hog=hog)
        serving = await stack.enter_async_context(serve_http(app, listener))
        host, port = listener.getsockname()[:2]
        click.echo(f"Assay API is ready on http://{host}:{port}")
        await stopped_or_broken(stop, serving)


async def _worker(stop: asyncio.Event, queues: tuple[TaskQueue, ...]) -> None:
    async with AsyncExitStack() as stack:
        settings, client, stores = await stack.enter_async_context(_shared_services())
        house = house_access(HouseSettings()) if TaskQueue.LLM in queues else {}
        providers = await stack.enter_async_context(model_providers(settings, house))
        hog = hog_processes(settings)
        stack.push_async_callback(hog.close)
        writers = await stack.enter_async_context(event_writers(client, stores))
        working = await stack.enter_async_context(
            run_workers(
                client,
                settings,
                stores,
                queues,
                writer=writers.verdicts,
                model=providers.model,
                hog=hog,
                delivery=await stack.enter_async_context(report_delivery(settings)),
            )
        )
        await ensure_schedules(client, settings)
        await ensure_job_schedules(client, settings, stores.registry)
        click.echo(f"Assay worker polls {', '.join(queues)}")
        await stopped_or_broken(stop, working)
