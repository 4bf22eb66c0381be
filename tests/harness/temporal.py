"""Temporal servers for tests, from the wheels: nothing is downloaded."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from assay.temporal.plugin import AssayPlugin
from assay.temporal.search_attributes import ALL, add

_FAST = [
    flag
    for processor in ("transfer", "timer", "visibility")
    for flag in ("--dynamic-config-value", f"history.{processor}ProcessorMaxPollRPS=200")
]

_MORE_STARTS = 2


def _binary(name: str) -> str:
    bundled = Path(sysconfig.get_path("scripts")) / name
    found = str(bundled) if bundled.exists() else shutil.which(name)
    assert found, f"{name} is missing: it comes with the development dependencies"
    return found


async def _started(start: Callable[[], Awaitable[WorkflowEnvironment]]) -> WorkflowEnvironment:
    """A server that listens: before it does, somebody else may take the free port that was found for it."""
    for _ in range(_MORE_STARTS):
        with suppress(RuntimeError):
            return await start()
    return await start()


@asynccontextmanager
async def time_skipping_server() -> AsyncIterator[WorkflowEnvironment]:
    """The time-skipping test server, its client carrying the engine's plugin."""
    start = partial(
        WorkflowEnvironment.start_time_skipping,
        test_server_existing_path=_binary("temporal-test-server"),
        plugins=[AssayPlugin()],
    )
    async with await _started(start) as environment:
        await add(environment.client, [key.name for key in ALL])
        yield environment


@asynccontextmanager
async def dev_server(**dynamic_config: str) -> AsyncIterator[Client]:
    """The real server with our search attributes, in memory.

    Args:
        dynamic_config: of the server; dots in the names are written as two underscores.
    """
    more = [
        argument
        for name, value in dynamic_config.items()
        for argument in ("--dynamic-config-value", f"{name.replace('__', '.')}={value}")
    ]
    start = partial(
        WorkflowEnvironment.start_local,
        dev_server_existing_path=_binary("temporal"),
        search_attributes=list(ALL),
        dev_server_extra_args=[*_FAST, *more],
        plugins=[AssayPlugin()],
    )
    async with await _started(start) as environment:
        yield environment.client


async def terminate(handle: WorkflowHandle[Any, Any]) -> None:
    """Terminate a workflow that runs.

    The client repeats a request whose answer is late. Then the workflow that the first one has ended is gone.
    """
    with suppress(RPCError):
        await handle.terminate()
    assert (await handle.describe()).status is WorkflowExecutionStatus.TERMINATED
