"""`LanguageModel` on a process of its own: see `assay.adapters.llm.child`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Final, Self, cast

import structlog
from pydantic import ValidationError

from assay.adapters.frames import FrameSplitter, FrameTooLong, framed
from assay.adapters.llm.access import LITELLM_ENVIRONMENT, Endpoint, Endpoints
from assay.adapters.llm.messages import (
    LONGEST_FRAME,
    REPLIES,
    Answer,
    Answered,
    Ask,
    Cancel,
    Failed,
    Question,
    Ready,
    Reply,
    Request,
    Setup,
    encode,
)
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
from assay.errors import ModelsUnavailable

log = structlog.get_logger(__name__)

COMMAND: Final = (sys.executable, "-I", "-m", "assay.adapters.llm.child")
"""Isolated: neither the working directory nor variables of the environment choose what is imported."""

_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", **LITELLM_ENVIRONMENT}
"""What the process gets besides what it is given: the environment of its parent holds secrets."""

_START_SECONDS: Final = 60.0
_END_SECONDS: Final = 2.0
_GRACE_SECONDS: Final = 15.0
"""A call that has no reply this long after its time is up means that the process hangs."""

_CLOSED: Final = "The model process was closed: this worker is shutting down."
_ENDED: Final = "The model process ended during the call."
_STDERR: Final = 2
_KEPT_COMPLAINTS: Final = 2048
"""Bytes: the end of a traceback."""


class ModelProcess:
    """Asks models in a child process, which starts with the first call and again after it has ended.

    It belongs to one event loop, and somebody must `close` it.

    Args:
        endpoints: where the operator's access and projects' own keys lead.
        outbound_allow: the operator's list of what may be called, see `assay.adapters.outbound.policy`; the
            operator's own addresses are allowed besides.
        environment: variables for the process, besides those that it cannot do without.
        command: what to execute.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        outbound_allow: str = "",
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._endpoints = endpoints
        self._setup = Setup(outbound_allow=outbound_allow, own_urls=tuple(endpoints.own_urls))
        self._environment = {**(environment or {}), **_ENVIRONMENT}
        self._command = command
        self._started: asyncio.Task[_Child] | None = None
        self._is_closed = False

    def offers(self, provider: Provider) -> bool:
        """See `LanguageModel.offers`."""
        return self._endpoints.offers(provider)

    def is_public(self, provider: Provider) -> bool:
        """See `LanguageModel.is_public`."""
        return self._endpoints.is_public(provider)

    async def complete(self, request: ModelRequest, access: ProviderAccess | None = None) -> ModelReply:
        """See `LanguageModel.complete`.

        Raises:
            ProviderKeyRequired: there is no key or no address to ask with.
            ModelsUnavailable: the process does not start, ended or hung before the call had its reply, or was
                closed.
            WorkError: what `LiteLLM.ask` raises.
        """
        return cast(ModelReply, await self._ask(request, access))

    async def chat(self, request: ChatRequest, access: ProviderAccess | None = None) -> ChatReply:
        """See `LanguageModel.chat`; raises what `complete` raises."""
        return cast(ChatReply, await self._ask(request, access))

    async def embed(self, request: EmbeddingRequest, access: ProviderAccess | None = None) -> EmbeddingReply:
        """See `LanguageModel.embed`; raises what `complete` raises."""
        return cast(EmbeddingReply, await self._ask(request, access))

    async def _ask(self, request: Question, access: ProviderAccess | None) -> Answer:
        endpoint = self._endpoints.of(request.provider, access)
        child = await self._running()
        return await child.ask(request, endpoint)

    async def start(self) -> None:
        """Start the process now: it takes the seconds that litellm takes to import.

        Raises:
            ModelsUnavailable: it does not start, or was closed.
        """
        await self._running()

    async def close(self) -> None:
        """End the process for good: calls under way fail, and so do later ones."""
        self._is_closed = True
        if self._started is None:
            return
        self._started.cancel()  # without effect once it has started
        await asyncio.wait([self._started])
        if (child := _child_of(self._started)) is not None:
            await child.end()

    async def _running(self) -> _Child:
        """The process: as it is, or once it has started, which all wait for that ask meanwhile."""
        started = self._started
        if started is None or (started.done() and not _is_alive(started)):
            started = self._start()
        if not started.done():
            # Not by awaiting it: who asked first may be cancelled, and the others still want the process.
            await asyncio.wait([started])
        if started.cancelled():
            raise ModelsUnavailable(_CLOSED)
        return started.result()

    def _start(self) -> asyncio.Task[_Child]:
        if self._is_closed:
            raise ModelsUnavailable(_CLOSED)
        starting = _Child.start(self._command, self._environment, self._setup)
        # A context of its own: the process outlives the call that happens to start it.
        self._started = asyncio.create_task(starting, context=Context())
        # So that a failure is heard, if only here: whoever waited may have been cancelled.
        self._started.add_done_callback(_child_of)
        return self._started


def _child_of(starting: asyncio.Task[_Child]) -> _Child | None:
    """What a start that is over has led to."""
    return None if starting.cancelled() or starting.exception() is not None else starting.result()


def _is_alive(starting: asyncio.Task[_Child]) -> bool:
    child = _child_of(starting)
    return child is not None and child.is_alive


class _Child(asyncio.SubprocessProtocol):
    """A running process."""

    def __init__(self) -> None:
        self._splitter = FrameSplitter(LONGEST_FRAME)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answered | Failed]] = {}
        self._complaints = b""
        self._ready = asyncio.Event()
        self._gone = asyncio.Event()
        self._is_wanted = True
        self._transport: asyncio.SubprocessTransport

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str], setup: Setup) -> Self:
        """Start a process and wait until it is ready; see `ModelProcess.start`."""
        try:
            _, child = await asyncio.get_running_loop().subprocess_exec(
                cls,
                *command,
                env=environment,
                cwd="/",
                # Its own session: Ctrl-C ends the parent, and the end of the pipes ends the child.
                start_new_session=True,
            )
        except OSError as error:
            raise ModelsUnavailable(f"The model process does not start: {error}.") from error
        child._send(setup)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await child._ready.wait()
        except BaseException as error:
            child._kill()
            await child._gone.wait()
            if isinstance(error, TimeoutError):
                raise ModelsUnavailable("The model process is not ready in time.") from None
            raise
        if not child.is_alive:
            raise ModelsUnavailable("The model process ended while it started; the log says of what.")
        return child

    @property
    def is_alive(self) -> bool:
        """Whether calls can be made."""
        return self._is_wanted and not self._gone.is_set()

    async def ask(self, request: Question, endpoint: Endpoint) -> Answer:
        """Make a call; see `ModelProcess.complete`."""
        if not self.is_alive:
            raise ModelsUnavailable(_ENDED)
        number = next(self._numbers)
        ask = Ask.of(number, request, endpoint)
        reply: asyncio.Future[Answered | Failed] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        try:
            self._send(ask)
            await asyncio.wait([reply], timeout=request.timeout_seconds + _GRACE_SECONDS)
        except asyncio.CancelledError:
            self._send(Cancel(number=number))
            raise
        finally:
            del self._waiting[number]
        if not reply.done():
            self._give_up("the model process hangs")
            raise ModelsUnavailable("The model process did not answer in time.")
        found = reply.result()
        if isinstance(found, Failed):
            raise found.error
        return found.reply

    async def end(self) -> None:
        """End the process, and wait until it is gone."""
        self._is_wanted = False
        if (pipe := self._transport.get_pipe_transport(0)) is not None:
            pipe.close()
        try:
            await asyncio.wait_for(self._gone.wait(), _END_SECONDS)
        except TimeoutError:
            self._kill()
            await self._gone.wait()

    def _give_up(self, complaint: str) -> None:
        if self._is_wanted:  # else it was said before
            log.error(complaint, pid=self._transport.get_pid())
        self._kill()

    def _kill(self) -> None:
        self._is_wanted = False
        if self._transport.get_returncode() is None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()

    def _send(self, message: Request) -> None:
        pipe = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))
        # Unless the process is gone, of which those who wait are told by `connection_lost`.
        if pipe is not None and not pipe.is_closing():
            pipe.write(framed(encode(message)))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process was started."""
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """Take in replies, or complaints."""
        piece = cast(bytes, data)
        if fd == _STDERR:
            self._complaints = (self._complaints + piece)[-_KEPT_COMPLAINTS:]
            return
        try:
            for payload in self._splitter.feed(piece):
                self._take(REPLIES.validate_json(payload))
        except (FrameTooLong, ValidationError):
            self._give_up("the model process makes no sense")

    def _take(self, message: Reply) -> None:
        if isinstance(message, Ready):
            self._ready.set()
            return
        waiting = self._waiting.get(message.number)
        if waiting is not None and not waiting.done():  # else it was cancelled meanwhile
            waiting.set_result(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone, and all its streams."""
        if self._is_wanted:
            log.error(
                "the model process ended",
                code=self._transport.get_returncode(),
                stderr=self._complaints.decode(errors="replace").strip(),
            )
        self._transport.close()
        self._gone.set()
        self._ready.set()
        for number in list(self._waiting):
            self._take(Failed.of(number, ModelsUnavailable(_ENDED)))
