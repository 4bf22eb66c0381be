"""Serve the API with uvicorn inside a loop that we own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from assay.errors import SetupError

_GRACE_SECONDS = 5
_BACKLOG = 512


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: it stops workers, stores and the child in order."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening address; bound before anything slow starts, so that a clash is told at once.

    Raises:
        SetupError: the port is taken or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without a protocol, asyncio leaves Nagle's algorithm on: 40 ms more for each answer on a kept one.
    listener = socket.socket(family, proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Refuse a second server here and now instead of at the first request.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SetupError(
            f"The API cannot listen on {host}:{port} ({error.strerror}): "
            "stop what listens there, or set ASSAY_HOST and ASSAY_PORT."
        ) from error
    return listener


@asynccontextmanager
async def serve(app: ASGIApp, listener: socket.socket) -> AsyncIterator[asyncio.Task[str]]:
    """Serve `app` for the length of the block; requests in flight are finished at its end.

    Yields:
        A task that ends, with one sentence, only when the server fails.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="api")
    failure = asyncio.create_task(_ended(task))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        yield failure
    finally:
        failure.cancel()
        server.should_exit = True
        await task


async def _ended(serving: asyncio.Task[None]) -> str:
    await asyncio.wait([serving])
    return "The API server ended by itself."
