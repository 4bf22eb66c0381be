"""The model process: asks models through litellm, as many at a time as it is told to, until its input ends.

    python -I -m assay.adapters.llm.child

litellm takes milliseconds of computation for each call and seconds to import. In a process of its own neither
keeps the engine's event loop from anything else, and the calls get a processor of their own.

It speaks `assay.adapters.llm.messages` over its standard streams, and ends with its parent: its calls are cut
off then, like those of a parent that made them itself.
"""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import BinaryIO, cast

import uvloop

from assay.adapters.frames import FrameSplitter, framed, read_frame
from assay.adapters.llm.client import LiteLLM
from assay.adapters.llm.inline import InlineExecutor
from assay.adapters.llm.messages import (
    LONGEST_FRAME,
    REQUESTS,
    Answer,
    Answered,
    Ask,
    Cancel,
    Failed,
    Ready,
    Reply,
    Setup,
    encode,
)
from assay.adapters.llm.turns import Turns, TurnTakingClient
from assay.adapters.memory import settle_memory
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.adapters.parent import end_with_parent
from assay.adapters.standard_streams import take_standard_streams
from assay.contracts.models import ChatRequest, EmbeddingRequest
from assay.errors import PlatformFault, WorkError

_THREADS = 16
"""For names that have to be looked up."""


class _Calls(asyncio.Protocol):
    """Takes in what the parent sends, and makes the calls."""

    def __init__(self, model: LiteLLM, turns: Turns, replies: asyncio.WriteTransport) -> None:
        self._model = model
        self._turns = turns
        self._replies = replies
        self._splitter = FrameSplitter(LONGEST_FRAME)
        self._calls: dict[int, asyncio.Task[bytes]] = {}
        self.ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Begin or cancel calls."""
        for payload in self._splitter.feed(data):
            message = REQUESTS.validate_json(payload)
            if isinstance(message, Ask):
                self._begin(message)
            elif isinstance(message, Cancel) and (call := self._calls.get(message.number)) is not None:
                call.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """The parent is gone, or wants this process to end."""
        self.ended.set()

    def _begin(self, ask: Ask) -> None:
        call = asyncio.create_task(self._outcome(ask))
        self._calls[ask.number] = call
        # Not in the task itself: one that is cancelled before its first step does nothing at all.
        call.add_done_callback(partial(self._finish, ask.number))

    def _finish(self, number: int, call: asyncio.Task[bytes]) -> None:
        del self._calls[number]
        # At the end connections are closed under the calls, which is no fault of their providers.
        if not call.cancelled() and not self.ended.is_set():
            self._replies.write(framed(call.result()))

    async def _outcome(self, ask: Ask) -> bytes:
        """What to send back, whatever happens: without a reply the process would be taken to hang."""
        try:
            return encode(await self._reply(ask))
        except Exception as error:
            # Its text may quote anything, the key included.
            defect = PlatformFault(f"The call ended with an unforeseen {type(error).__name__}.")
            return encode(Failed.of(ask.number, defect))

    async def _reply(self, ask: Ask) -> Reply:
        try:
            return Answered(number=ask.number, reply=await self._answer(ask))
        except WorkError as error:
            return Failed.of(ask.number, error)

    async def _answer(self, ask: Ask) -> Answer:
        if isinstance(ask.request, ChatRequest):
            return await self._model.converse(ask.request, ask.endpoint)
        if isinstance(ask.request, EmbeddingRequest):
            return await self._model.represent(ask.request, ask.endpoint)
        return await self._model.ask(ask.request, ask.endpoint)


async def _serve(setup: Setup, requests: BinaryIO, replies: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(InlineExecutor(_THREADS))
    policy = OutboundPolicy.parse(setup.outbound_allow).including(setup.own_urls)
    writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, replies)
    async with outbound_client(policy) as client:
        turns = Turns()
        model = LiteLLM({}, client=TurnTakingClient(client, turns))
        model.warm_up()
        settle_memory()
        _, calls = await loop.connect_read_pipe(lambda: _Calls(model, turns, writing), requests)
        writing.write(framed(encode(Ready())))
        await calls.ended.wait()
        # Calls under way end with the process: nobody is left to hear of them.


def main() -> None:
    """Serve until the parent closes its end, or is gone."""
    end_with_parent()
    # A service manager that ends the engine may tell its children, too: they end when it is done with them.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests, replies = take_standard_streams()
    # Nothing follows it before `Ready` is heard, so no other frame is left behind in the buffer.
    first = read_frame(requests)
    if first is not None:
        setup = cast(Setup, REQUESTS.validate_json(first))
        asyncio.run(_serve(setup, requests, replies), loop_factory=uvloop.new_event_loop)


if __name__ == "__main__":
    main()
