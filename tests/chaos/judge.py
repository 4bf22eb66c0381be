"""A model endpoint that remembers, for every call, whose target it was about and when it was answered."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.adapters.testing import Reply
from assay.adapters.testing.listings import listing
from assay.adapters.testing.loopback import LoopbackServer
from assay.adapters.testing.replies import response_of, scripted_reply

_TARGET = re.compile(r"target-([0-9a-f-]{36})")
_UNKNOWN = ""


@dataclass(slots=True)
class Call:
    """One question; times are seconds since 1970.

    Attributes:
        target: uuid of the generation that it was about.
        answered: None while it is under way.
        status: of the answer.
    """

    target: str
    asked: float
    answered: float | None = None
    status: int = 0


@dataclass(frozen=True, slots=True)
class Kill:
    """When a process was killed: the signal was sent and its end was seen between these two."""

    sent: float
    seen: float

    def cut(self, call: Call) -> bool:
        """Whether a call may have been under way."""
        return call.asked <= self.seen and (call.answered is None or call.answered >= self.sent)


class CountingJudge:
    """The endpoint, for the length of a `with` block.

    Attributes:
        latency: seconds that every answer takes.
        weather: what to answer instead of a verdict; None: a verdict.
    """

    def __init__(self, *, latency: float = 0.0) -> None:
        self.latency = latency
        self.weather: Callable[[], Reply | None] = _fair
        self.calls: list[Call] = []
        self._server = LoopbackServer(
            Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])
        )

    @property
    def base_url(self) -> str:
        """Address for OpenAI clients."""
        return f"{self._server.origin}/v1"

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables of an engine that asks here."""
        return {"OPENAI_API_KEY": "sk-chaos", "OPENAI_BASE_URL": self.base_url}

    @property
    def answered(self) -> int:
        """Verdicts that were given so far."""
        return sum(call.status == 200 for call in self.calls)

    def await_answers(self, count: int, seconds: float) -> None:
        """Wait until so many verdicts were given, but not for ever."""
        deadline = time.monotonic() + seconds
        while self.answered < count and time.monotonic() < deadline:
            time.sleep(0.02)

    def paid(self) -> list[Call]:
        """The calls that brought a verdict, or would have if the caller had lived."""
        return [call for call in self.calls if call.status in (0, 200)]

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    async def _answer(self, request: Request) -> Response:
        raw = await request.body()
        if request.method != "POST":
            return response_of(listing(request.url.path, request.headers), None)
        body = json.loads(raw)
        call = Call(_target(body), time.time())
        self.calls.append(call)
        reply = self.weather() or scripted_reply(request.url.path, body)
        if reply.hang:
            await request.receive()  # the body has been read: what comes next is the client's leaving
            call.status = 499
        await asyncio.sleep(self.latency + reply.delay_seconds)
        call.answered = time.time()
        call.status = call.status or (499 if reply.drop else reply.status)
        return response_of(reply, body)


def _fair() -> Reply | None:
    return None


def _target(body: Any) -> str:
    said = "".join(str(message.get("content")) for message in body.get("messages", ()))
    found = _TARGET.search(said)
    return found[1] if found else _UNKNOWN
