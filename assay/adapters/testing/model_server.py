"""An OpenAI-compatible model endpoint on loopback, without a model behind it.

It speaks the real protocol over a real socket, so clients are exercised as they are. By default it
answers by rules over the request (see `replies.scripted_reply`), and lists its one model to each provider's
clients in that provider's form. Replies put into its queue come first, one per request and on any path,
which lets a test play other providers, errors and accidents.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.adapters.testing.listings import key_of, listing, refusal_of_key
from assay.adapters.testing.loopback import LoopbackServer
from assay.adapters.testing.replies import Reply, response_of, scripted_reply


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that arrived; header names in lower case, `body` decoded if it is JSON (else None)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any


class ScriptedModelServer:
    """The endpoint, served by a thread of its own for the length of a `with` block; works once.

    Args:
        latency: seconds that every answer takes; may be changed while it runs.
        port: 0 picks a free one.

    Attributes:
        rejected_keys: keys that are answered as a provider answers a key that it does not know.
    """

    def __init__(self, *, latency: float = 0.0, port: int = 0) -> None:
        self.latency = latency
        self.rejected_keys: set[str] = set()
        self._queue: deque[Reply] = deque()
        self._requests: list[RecordedRequest] = []
        self._server = LoopbackServer(
            Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])]),
            port=port,
        )

    @property
    def base_url(self) -> str:
        """Address for OpenAI clients."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        """Address without a path, for clients that bring their own."""
        return self._server.origin

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, oldest first."""
        return tuple(self._requests)

    def enqueue(self, *replies: Reply) -> None:
        """Answer the next requests with these replies, in this order."""
        self._queue.extend(replies)

    def reset(self) -> None:
        """Forget the recorded requests, the replies that still wait, and which keys to reject."""
        self._queue.clear()
        self.rejected_keys.clear()
        self._requests.clear()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    async def _answer(self, request: Request) -> Response:
        body = await self._record(request)
        reply = self._queue.popleft() if self._queue else self._scripted(request, body)
        if reply.hang:
            await request.receive()  # the body has been read: what comes next is the client's leaving
        await asyncio.sleep(self.latency + reply.delay_seconds)
        return response_of(reply, body)

    def _scripted(self, request: Request, body: Any) -> Reply:
        if key_of(request.headers) in self.rejected_keys:
            return refusal_of_key(request.headers)
        if request.method == "POST":
            return scripted_reply(request.url.path, body)
        return listing(request.url.path, request.headers)

    async def _record(self, request: Request) -> Any:
        raw = await request.body()
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        self._requests.append(
            RecordedRequest(
                method=request.method,
                path=request.url.path,
                query=request.url.query,
                headers=MappingProxyType(dict(request.headers)),
                body=body,
            )
        )
        return body
