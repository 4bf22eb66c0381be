"""Connect to Temporal: the child dev server, or the operator's own service."""

from __future__ import annotations

import asyncio
import contextlib

from temporalio.client import Client
from temporalio.envconfig import ClientConnectConfig
from temporalio.service import RPCError

from assay.errors import SetupError
from assay.runtime.temporal_server import TemporalServer
from assay.temporal.plugin import AssayPlugin

_CONNECT_SECONDS = 15.0
_CHILD_SECONDS = 45.0
"""A machine that is busy starts the server slowly, on a long history file above all."""


async def connect_external(config: ClientConnectConfig) -> Client:
    """A client of the service that the `TEMPORAL_*` variables name.

    Raises:
        SetupError: it does not answer.
    """
    target = config.get("target_host", "localhost:7233")
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await Client.connect(**config, plugins=[AssayPlugin()])
    except (RuntimeError, RPCError, TimeoutError) as error:
        raise SetupError(f"Temporal at {target} does not answer: check TEMPORAL_ADDRESS.") from error


async def connect_child(server: TemporalServer) -> Client:
    """A client of the child dev server, once it takes requests.

    Raises:
        SetupError: it ended, or does not answer.
    """
    address = server.address
    deadline = asyncio.get_running_loop().time() + _CHILD_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if server.process.returncode is not None:
            raise SetupError(await server.wait_for_death())
        with contextlib.suppress(RuntimeError, RPCError):
            client = await Client.connect(address, plugins=[AssayPlugin()])
            if await client.service_client.check_health():
                return client
        await asyncio.sleep(0.05)
    raise SetupError(
        f"The Temporal dev server at {address} does not answer after {_CHILD_SECONDS:.0f} s; "
        f"its log is {server.log_path}."
    )


async def check(client: Client) -> None:
    """Raise unless Temporal takes requests."""
    if not await client.service_client.check_health():
        raise RuntimeError("Temporal reports that it is not serving")
