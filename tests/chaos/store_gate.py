"""A ClickHouse server whose writes can be refused for a while: a gate in front of the stand-in."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from assay.adapters.testing.loopback import LoopbackServer
from tests.harness.clickhouse_http import DECOMPRESS, clickhouse_server

_READ_ONLY = "Code: 242. DB::Exception: Table is in readonly mode. (TABLE_IS_READ_ONLY)"
_HOP_BY_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length"})


class StoreGate:
    """Passes everything on to a server; while it is shut, inserts fail in one of two ways.

    Half of them are refused. The others are done, and the answer is lost: the writer cannot know.

    Attributes:
        is_shut: whether inserts fail.
        refused, lost: how many did.
    """

    def __init__(self, server: str, *, seed: int) -> None:
        self.is_shut = False
        self.refused = 0
        self.lost = 0
        self._draw = random.Random(seed)
        self._client = httpx.AsyncClient(base_url=server, timeout=60)
        self._server = LoopbackServer(
            Starlette(routes=[Route("/{path:path}", self._pass, methods=["GET", "POST"])])
        )

    @property
    def url(self) -> str:
        """Address with a database in it, for the engine."""
        return f"{self._server.origin}/assay"

    async def _pass(self, request: Request) -> Response:
        body = await request.body()
        fails = self.is_shut and _is_insert(request, body)
        if fails and self._draw.random() < 0.5:
            self.refused += 1
            return PlainTextResponse(
                _READ_ONLY, status_code=500, headers={"X-ClickHouse-Exception-Code": "242"}
            )
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
        answer = await self._client.request(
            request.method,
            f"/{request.path_params['path']}?{request.url.query}",
            content=body,
            headers=headers,
        )
        if fails:
            self.lost += 1
            return PlainTextResponse("the answer is lost", status_code=502)
        kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        return Response(answer.content, answer.status_code, headers=kept)


def _is_insert(request: Request, body: bytes) -> bool:
    statement = request.query_params.get("query", "").encode()
    if not statement:
        decompress = cast("Callable[[bytes], bytes]", DECOMPRESS[request.headers.get("content-encoding", "")])
        statement = decompress(body)
    return statement.lstrip()[:6].upper() == b"INSERT"


@contextmanager
def gated_store(path: Path, *, seed: int) -> Iterator[StoreGate]:
    """A store behind a gate, which is open.

    Args:
        path: folder of its data.
    """
    with clickhouse_server(path) as server:
        gate = StoreGate(server, seed=seed)
        with gate._server:
            yield gate
