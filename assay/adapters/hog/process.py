"""One child process as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Sequence
from typing import Final, Self, cast

from assay.adapters.hog.frames import FrameSplitter, FrameTooLong, framed
from assay.adapters.hog.messages import KEPT_PROGRAMS, Idle, decode_reply
from assay.adapters.hog.recent import Recent
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import MIB
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome
from assay.errors import HogDefect, HogUnavailable

COMMAND: Final = (sys.executable, "-I", "-m", "assay.adapters.hog.child")
"""Isolated: neither the working directory nor variables of the environment choose what is imported."""

Reply = CompiledProgram | HogCompileError | HogOutcome | HogDefect

_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}
"""All that a child inherits: the environment of its parent holds secrets."""

_A_PROCESS: Final = "A process for Hog programs"

_LONGEST_REPLY: Final = 16 * MIB
_START_SECONDS: Final = 30.0
_END_SECONDS: Final = 1.0
_SECOND_LOOK_SECONDS: Final = 0.1


class ChildEnded(Exception):
    """There will be no more replies.

    Attributes:
        was_late: the child was killed because its reply did not come in time; else it died of something
            else: a crash, the system's lack of memory, somebody's kill.
    """

    def __init__(self, *, was_late: bool) -> None:
        super().__init__("late" if was_late else "died")
        self.was_late = was_late


class Child:
    """A running child. One caller at a time sends it a request and takes its replies.

    Attributes:
        pid: of the process.
        requests: how many it was sent.
        programs: names of the programs that it has loaded.
    """

    def __init__(self, transport: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
        self._transport = transport
        self._pipes = pipes
        self._late = False
        self._resident_at_start = self._resident = 0
        self.pid = transport.get_pid()
        self.requests = 0
        self.programs = Recent[str, bool](KEPT_PROGRAMS)

    @classmethod
    async def start(cls, role: str, memory_mb: int, command: Sequence[str] = COMMAND) -> Self:
        """Start a child and wait until it is ready.

        Args:
            memory_mb: what it may allocate, in MiB.
            command: what to execute; gets the role and the memory as arguments.

        Raises:
            HogUnavailable: it does not start.
        """
        try:
            transport, pipes = await asyncio.get_running_loop().subprocess_exec(
                _Pipes,
                *command,
                role,
                str(memory_mb),
                stderr=asyncio.subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                # Its own session: Ctrl-C ends the parent, and the end of the pipes ends the child.
                start_new_session=True,
            )
        except OSError as error:
            raise HogUnavailable(f"{_A_PROCESS} does not start: {error}.") from error
        child = cls(transport, pipes)
        try:
            await child._until_ready()
        except BaseException:
            child.kill()
            await child.gone()
            raise
        return child

    async def _until_ready(self) -> None:
        try:
            problem = await self.receive(_START_SECONDS)
        except ChildEnded:
            code = self._transport.get_returncode()
            raise HogUnavailable(f"{_A_PROCESS} ended while it started (code {code}).") from None
        if problem is not None:
            raise HogUnavailable(f"{_A_PROCESS} does not start: {problem}")
        self._resident_at_start = self._resident

    @property
    def growth(self) -> int:
        """Bytes of memory that it has more than when it started."""
        return self._resident - self._resident_at_start

    @property
    def ended(self) -> bool:
        """Whether it is of no more use."""
        return self._late or self._pipes.ended

    def send(self, *payloads: bytes) -> None:
        """Send a request and what belongs to it."""
        self.requests += 1
        stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        # Unless the process is gone, which the next reply will tell.
        if not stdin.is_closing():
            stdin.write(b"".join(map(framed, payloads)))

    async def receive(self, within: float) -> Reply | None:
        """Wait for the next reply.

        Args:
            within: seconds that the child has for it; then it is killed.

        Returns:
            The reply; None when the request is done.

        Raises:
            ChildEnded: there is none.
        """
        if not await self._pipes.arrival(within):
            self._late = True
        payload = self._pipes.next_frame()
        if payload is None:
            if self._late or self._pipes.garbled:
                self.kill()
            await self.gone()
            raise ChildEnded(was_late=self._late)
        reply = decode_reply(payload)
        if isinstance(reply, Idle):
            self._resident = reply.resident
            return None
        return reply

    def kill(self) -> None:
        """End the process at once."""
        if self._transport.get_returncode() is None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()

    async def gone(self) -> None:
        """Wait until the process is no more; it is killed if it does not end by itself."""
        try:
            await asyncio.wait_for(self._pipes.closed.wait(), _END_SECONDS)
        except TimeoutError:
            self.kill()
            await self._pipes.closed.wait()
        self._transport.close()


class _Pipes(asyncio.SubprocessProtocol):
    """Takes in what a child sends.

    Attributes:
        ended: whether its output has ended; frames may still be there.
        garbled: whether it has ended because it makes no sense any more.
        closed: set once the process is gone, too.
    """

    def __init__(self) -> None:
        self._splitter = FrameSplitter(_LONGEST_REPLY)
        self._frames: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.ended = self.garbled = False
        self.closed = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        try:
            self._frames += self._splitter.feed(cast(bytes, data))
        except FrameTooLong:
            self.garbled = self.ended = True
        self._wake()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self.ended = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.closed.set()
        self._wake()

    def next_frame(self) -> bytes | None:
        """The first frame that was not taken yet."""
        return self._frames.popleft() if self._frames else None

    async def arrival(self, within: float) -> bool:
        """Wait until there is a frame, or the end; False if there is neither in time."""
        if not await self._look(within):
            # A loop that was busy sees first that the time is up and then what has arrived meanwhile.
            return await self._look(_SECOND_LOOK_SECONDS)
        return True

    async def _look(self, within: float) -> bool:
        if not self._frames and not self.ended:
            self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._waiter], timeout=within)
            self._waiter = None
        return bool(self._frames) or self.ended

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
