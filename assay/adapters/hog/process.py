"""One child process as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, Self, cast

import structlog

from assay.adapters.frames import framed
from assay.adapters.hog.messages import KEPT_PROGRAMS, Garbled, Idle, Reply, decode_reply
from assay.adapters.hog.pipes import Pipes
from assay.adapters.hog.processor_time import processor_seconds
from assay.adapters.hog.recent import Recent
from assay.domain.hog.budget import is_starved
from assay.errors import HogUnavailable

log = structlog.get_logger(__name__)

COMMAND: Final = (sys.executable, "-I", "-m", "assay.adapters.hog.child")
"""Isolated: neither the working directory nor variables of the environment choose what is imported."""

_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}
"""All that a child inherits: the environment of its parent holds secrets."""

_A_PROCESS: Final = "A process for Hog programs"

_START_SECONDS: Final = 30.0
_END_SECONDS: Final = 1.0
_PROMPT_SECONDS: Final = 0.1
"""Nearly all replies come sooner; the processor time of those that do not is looked at."""
_SECOND_LOOK_SECONDS: Final = 0.1


class End(Enum):
    """What a child ended of."""

    LATE = auto()
    """It was killed because its reply did not come in time."""
    GARBLED = auto()
    """It was killed because what it said made no sense."""
    KILLED = auto()
    """Somebody killed it: the system for lack of memory, an operator, or the pool that closes."""
    CRASHED = auto()
    """Whatever it worked on ended it."""


class ChildEnded(Exception):
    """There will be no more replies.

    Attributes:
        why: what the child ended of.
    """

    def __init__(self, why: End, processor_time: float | None = None) -> None:
        super().__init__(why.name)
        self.why = why
        self._processor_time = processor_time

    def is_of_the_machine(self, seconds: float) -> bool:
        """Whether the machine is to blame, and not what the child worked on.

        Args:
            seconds: that the work was given.
        """
        if self.why is End.LATE:
            # Where the system does not tell what the child computed, the work is taken for slow.
            return self._processor_time is not None and is_starved(self._processor_time, seconds)
        return self.why is End.KILLED


class Child:
    """A running child. One caller at a time sends it a request and takes its replies.

    Attributes:
        pid: of the process.
        requests: how many it was sent.
        programs: names of the programs that it has loaded.
    """

    def __init__(self, transport: asyncio.SubprocessTransport, pipes: Pipes) -> None:
        self._transport = transport
        self._pipes = pipes
        self._killed = False
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
                Pipes,
                *command,
                role,
                str(memory_mb),
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
        except ChildEnded as end:
            code = self._transport.get_returncode()
            log.error(
                "process for Hog programs ended while it started",
                code=code,
                end=end.why.name.lower(),
                stderr=self._pipes.complaints,
            )
            raise HogUnavailable(f"{_A_PROCESS} ended while it started (code {code}).") from None
        if problem is not None:
            raise HogUnavailable(f"{_A_PROCESS} does not start: {problem}")
        self._resident_at_start = self._resident

    @property
    def growth(self) -> int:
        """Bytes of memory that it has more than when it started."""
        return self._resident - self._resident_at_start

    @property
    def is_usable(self) -> bool:
        """Whether the next caller can have it: it lives, and has said nothing that nobody has taken.

        What was left over would be taken for the replies to the next request.
        """
        return not self._killed and not self._pipes.ended and self._pipes.is_empty

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
        await self._arrival(within)
        payload = self._pipes.next_frame()
        if payload is None:
            raise await self._end()
        try:
            reply = decode_reply(payload)
        except Garbled:
            self._pipes.garbled = True
            raise await self._end() from None
        if isinstance(reply, Idle):
            self._resident = reply.resident
            return None
        return reply

    async def _arrival(self, within: float) -> None:
        """Wait for a frame or the end.

        Raises:
            ChildEnded: there was neither in time.
        """
        if await self._pipes.arrival(min(within, _PROMPT_SECONDS)):
            return
        before = processor_seconds(self.pid)
        if await self._pipes.arrival(max(0.0, within - _PROMPT_SECONDS)):
            return
        # A loop that was busy sees first that the time is up and then what has arrived meanwhile.
        if await self._pipes.arrival(_SECOND_LOOK_SECONDS):
            return
        now = processor_seconds(self.pid)
        self.kill()
        await self.gone()
        raise ChildEnded(End.LATE, None if before is None or now is None else now - before)

    async def _end(self) -> ChildEnded:
        """What to raise for a child that says no more, once it is gone."""
        garbled = self._pipes.garbled
        if garbled:
            self.kill()
        await self.gone()
        if garbled:
            return ChildEnded(End.GARBLED)
        was_killed = self._killed or self._transport.get_returncode() == -signal.SIGKILL
        return ChildEnded(End.KILLED if was_killed else End.CRASHED)

    def kill(self) -> None:
        """End the process at once."""
        if self._transport.get_returncode() is None:
            self._killed = True
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
