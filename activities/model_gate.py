"""The one way to ask a model: every question passes the governor of the key that it is asked with.

Callers wait here for a place and for the end of a Retry-After, and owners take turns while they wait. Nobody
waits for an open circuit: those who would are told when to come back, so that they give up the worker slot
that they hold.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from assay.contracts.evaluations import Provider
from assay.contracts.models import (
    ChatReply,
    ChatRequest,
    EmbeddingReply,
    EmbeddingRequest,
    ModelReply,
    ModelRequest,
)
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.governor import Call, Governor, Later, Refused, Weather
from assay.domain.lines import Lines
from assay.errors import (
    CircuitOpen,
    ContextWindowExceeded,
    OutboundRefused,
    OutputLimitExceeded,
    ProviderAuthenticationFailed,
    ProviderPermissionDenied,
    ProviderUnavailable,
    QuotaExceeded,
    RateLimited,
    RequestRejected,
    WorkError,
)
from assay.ports import LanguageModel
from assay.temporal.metrics import (
    MODEL_CALL_SECONDS,
    MODEL_CALLS,
    MODEL_CALLS_IN_FLIGHT,
    MODEL_CIRCUITS_OPEN,
    MODEL_CONCURRENCY_LIMIT,
    MODEL_COST,
    MODEL_TOKENS,
    MODEL_UNPRICED,
    MODEL_WAIT_SECONDS,
)

_FORGET_AFTER_SECONDS = 3600.0
"""What was learnt about a key is kept so long after its last use."""

_WEATHER: Mapping[type[WorkError], Weather] = MappingProxyType(
    {
        RateLimited: Weather.LOAD,
        ProviderUnavailable: Weather.OUTAGE,
        QuotaExceeded: Weather.STANDING,
        ProviderAuthenticationFailed: Weather.STANDING,
        OutboundRefused: Weather.STANDING,
    }
)
"""Failures that every other question on the key would meet as well; but see `_Door._weather`."""

type _Reply = ModelReply | ChatReply | EmbeddingReply

_ANSWERS = (ContextWindowExceeded, OutputLimitExceeded, ProviderPermissionDenied, RequestRejected)
"""Failures of one question: the provider is there, and takes the key. All others say nothing of the key,
also not that a model is unknown: it may be one that nobody was asked for, or another evaluation's mistake."""


@dataclass(frozen=True, slots=True)
class GateKey:
    """What a provider limits: an account, as far as that can be told from outside.

    Attributes:
        own: id and version of a project's key; None: the operator's.
    """

    provider: Provider
    own: tuple[UUID, int] | None = None


class Turn:
    """Leave to ask a model.

    Attributes:
        outcome: what came of it; None: nothing that says anything about the key.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.outcome: _Reply | WorkError | None = None

    def disregard(self) -> None:
        """The failure says nothing about the key: the question itself is to blame."""
        self.outcome = None

    async def ask(self, request: ModelRequest, access: ProviderAccess | None) -> ModelReply:
        """Ask once; see `LanguageModel.complete`.

        Args:
            access: what the turn's key stands for.
        """
        return await self._watched(request.provider, self._model.complete(request, access))

    async def chat(self, request: ChatRequest, access: ProviderAccess | None) -> ChatReply:
        """Put a conversation once; see `LanguageModel.chat` and `ask`."""
        return await self._watched(request.provider, self._model.chat(request, access))

    async def embed(self, request: EmbeddingRequest, access: ProviderAccess | None) -> EmbeddingReply:
        """Ask for vectors once; see `LanguageModel.embed` and `ask`."""
        return await self._watched(request.provider, self._model.embed(request, access))

    async def _watched[R: _Reply](self, provider: Provider, asking: Awaitable[R]) -> R:
        """Note what comes of a call, what it takes and what it costs."""
        started = time.monotonic()
        code = "error"
        try:
            self.outcome = reply = await asking
            code = "ok"
            _count(provider, reply)
            return reply
        except WorkError as error:
            self.outcome = error
            code = error.code
            raise
        finally:
            MODEL_CALLS.labels(provider, code).inc()
            MODEL_CALL_SECONDS.labels(provider).observe(time.monotonic() - started)


def _count(provider: Provider, reply: _Reply) -> None:
    """What an answer took and cost."""
    MODEL_TOKENS.labels(provider, "input").inc(reply.input_tokens or 0)
    if not isinstance(reply, EmbeddingReply):
        MODEL_TOKENS.labels(provider, "output").inc(reply.output_tokens or 0)
    if reply.cost_usd is None:
        MODEL_UNPRICED.labels(provider).inc()
    else:
        MODEL_COST.labels(provider).inc(reply.cost_usd)


class ModelGate:
    """Lets questions to models through, under governors. One per process: that is what calls are counted in.

    Args:
        maximum: calls in flight per key at most.
        clock: seconds, monotonic.
        jitter: see `Governor`.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        maximum: int = 64,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.maximum = maximum
        self._model = model
        self._clock = clock
        self._jitter = jitter
        self._doors: dict[GateKey, _Door] = {}

    @asynccontextmanager
    async def turn(self, key: GateKey, *, owner: Hashable) -> AsyncIterator[Turn]:
        """Wait for leave to ask one question; the place is held for the length of the block.

        Whether the question is still to be put can be looked at inside: to wait may have taken long.

        Args:
            owner: takes turns with the other owners who wait.

        Raises:
            CircuitOpen: there is no leave for now; `retry_after` says when it may be worth while.
        """
        door = self._door(key)
        began = self._clock()
        call = await door.enter(owner)
        MODEL_WAIT_SECONDS.labels(key.provider).observe(self._clock() - began)
        turn = Turn(self._model)
        try:
            yield turn
        finally:
            door.leave(call, turn.outcome)

    def blocked_for(self, key: GateKey) -> float:
        """Seconds for which an open circuit would refuse a turn; 0 if it would not."""
        door = self._doors.get(key)
        return 0.0 if door is None else door.blocked_for()

    def check(self, key: GateKey) -> None:
        """See whether a turn would be refused, without asking for one.

        Raises:
            CircuitOpen: it would.
        """
        door = self._doors.get(key)
        if door is not None and (wait := door.blocked_for()) > 0:
            raise door.refusal(wait)

    def answers(self, key: GateKey) -> int:
        """Questions that were answered (`Governor.answers`); from 0 again once the key is forgotten."""
        door = self._doors.get(key)
        return 0 if door is None else door.answers

    def leaves_probe(self, key: GateKey) -> bool:
        """Whether a question that often fails should wait for others to close the circuit."""
        door = self._doors.get(key)
        return door is not None and door.leaves_probe()

    def _door(self, key: GateKey) -> _Door:
        door = self._doors.get(key)
        if door is None:
            self._forget_unused()
            governor = Governor(maximum=self.maximum, jitter=self._jitter)
            door = self._doors[key] = _Door(key, governor, self._clock)
        return door

    def _forget_unused(self) -> None:
        """Only a new key can make too many, so this is when to look."""
        latest = self._clock() - _FORGET_AFTER_SECONDS
        for key, door in list(self._doors.items()):
            if door.unused_since(latest):
                self._doors.pop(key).close()


class _Door:
    """One key's governor, who waits for it, and its part of the metrics."""

    def __init__(self, key: GateKey, governor: Governor, clock: Callable[[], float]) -> None:
        self._provider = key.provider
        self._is_own = key.own is not None
        self._governor = governor
        self._clock = clock
        self._lines: Lines[asyncio.Future[Call]] = Lines(lambda leave: not leave.done())
        self._timer: asyncio.TimerHandle | None = None
        self._used_at = clock()
        self._cause = ""
        self._shown = _Shown()
        self._show()

    async def enter(self, owner: Hashable) -> Call:
        """Wait for leave to ask.

        Raises:
            CircuitOpen: there is none for now.
        """
        self._used_at = self._clock()
        mine: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._lines.join(owner, mine)
        self._serve()
        try:
            return await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._lines.leave(owner, mine)
            elif mine.exception() is None:  # leave came in the same moment
                self.leave(mine.result(), None)
            raise

    def leave(self, call: Call, outcome: _Reply | WorkError | None) -> None:
        """The call has ended; see `Turn.outcome`."""
        self._used_at = self._clock()
        weather = self._weather(outcome)
        if isinstance(outcome, (ModelReply, ChatReply, EmbeddingReply, *_ANSWERS)):
            self._governor.answered(call)
        elif isinstance(outcome, WorkError) and weather is not None:
            self._cause = outcome.code
            self._governor.failed(call, weather, self._used_at, retry_after=outcome.retry_after)
        else:
            self._governor.released(call)
        self._serve()

    def _weather(self, outcome: _Reply | WorkError | None) -> Weather | None:
        """What a failure says about the key.

        A project's key that is refused is no weather: its evaluations are stopped, and whoever still waits
        finds that out by asking.
        """
        if self._is_own and isinstance(outcome, ProviderAuthenticationFailed):
            return None
        return _WEATHER.get(type(outcome)) if isinstance(outcome, WorkError) else None

    def blocked_for(self) -> float:
        """See `ModelGate.blocked_for`."""
        return self._governor.blocked_for(self._clock())

    @property
    def answers(self) -> int:
        """See `ModelGate.answers`."""
        return self._governor.answers

    def leaves_probe(self) -> bool:
        """See `ModelGate.leaves_probe`."""
        return self._governor.leaves_probe(self._clock())

    def refusal(self, retry_after: float) -> CircuitOpen:
        """What those are told who would wait for the open circuit."""
        detail = f"{self._provider} is not asked on this key for {retry_after:.0f} s, after: {self._cause}."
        return CircuitOpen(detail, retry_after=retry_after)

    def unused_since(self, moment: float) -> bool:
        """Whether the key was in no use since then, and there is nothing to remember but its limit."""
        idle = self._governor.in_flight == 0 and not self._lines
        return idle and max(self._used_at, self._governor.rests_until) < moment

    def close(self) -> None:
        """Take its part out of the metrics."""
        self._shown.become(self._provider, limit=0, in_flight=0, circuits=0)

    def _serve(self) -> None:
        """Let in whoever may; send away who would wait for an open circuit; see to the rest later."""
        while self._lines:
            said = self._governor.ask(self._clock())
            if isinstance(said, Refused):
                self._send_away(said.retry_after)
            elif isinstance(said, Later):
                self._serve_again(said.until)
                break
            else:
                self._let_in(said)
        self._show()

    def _let_in(self, call: Call) -> None:
        first = self._lines.pop()
        if first is None:  # those who seemed to wait have given up
            self._governor.released(call)
        else:
            first.set_result(call)

    def _send_away(self, retry_after: float) -> None:
        while (waiting := self._lines.pop()) is not None:
            waiting.set_exception(self.refusal(retry_after))

    def _serve_again(self, until: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if until is not None:
            wait = max(0.0, until - self._clock())
            self._timer = asyncio.get_running_loop().call_later(wait, self._serve)

    def _show(self) -> None:
        governor = self._governor
        self._shown.become(
            self._provider,
            limit=governor.limit,
            in_flight=governor.in_flight,
            circuits=int(governor.is_open),
        )


@dataclass(slots=True)
class _Shown:
    """What one key adds to the gauges of its provider."""

    limit: int = 0
    in_flight: int = 0
    circuits: int = 0

    def become(self, provider: Provider, *, limit: int, in_flight: int, circuits: int) -> None:
        """Add something else from now on."""
        if limit != self.limit:
            MODEL_CONCURRENCY_LIMIT.labels(provider).inc(limit - self.limit)
        if in_flight != self.in_flight:
            MODEL_CALLS_IN_FLIGHT.labels(provider).inc(in_flight - self.in_flight)
        if circuits != self.circuits:
            MODEL_CIRCUITS_OPEN.labels(provider).inc(circuits - self.circuits)
        self.limit, self.in_flight, self.circuits = limit, in_flight, circuits
