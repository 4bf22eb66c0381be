"""An app behind a real server, for whoever does not speak ASGI: a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from assay.runtime import http_server


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Where an app is served, while it is."""
    listener = http_server.bind("127.0.0.1", 0)
    async with http_server.serve(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
