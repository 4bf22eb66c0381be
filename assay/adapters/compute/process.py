"""One process that computes, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import BinaryIO, Final, Self, cast

import structlog

from assay.adapters.compute.messages import Message, read_message, write_message
from assay.errors import ComputeUnavailable

log = structlog.get_logger(__name__)

COMMAND: Final = (sys.executable, "-I", "-m", "assay.adapters.compute.child")
"""Isolated: neither the working directory nor variables of the environment choose what is imported."""

_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8"}
"""What a process gets besides what it is given: the environment of its parent holds secrets."""

_KEPT_COMPLAINTS: Final = 2048
"""Bytes: the end of a traceback."""


class Child(asyncio.SubprocessProtocol):
    """A running process. One caller at a time has it make a call.

    Messages are written and read in a thread: some hold a hundred megabytes, which the event loop would have
    to copy while everybody waits.
    """

    def __init__(self, calls: BinaryIO, outcomes: BinaryIO) -> None:
        self._calls = calls
        self._outcomes = outcomes
        self._exchange: asyncio.Future[Message | None] | None = None
        self._complaints = b""
        self._is_wanted = True
        self._ended = asyncio.Event()
        self._transport: asyncio.SubprocessTransport

    @classmethod
    async def start(cls, environment: Mapping[str, str], command: Sequence[str] = COMMAND) -> Self:
        """Start a process.

        Args:
            environment: variables for it, besides those that it cannot do without.

        Raises:
            ComputeUnavailable: it does not start.
        """
        its_calls, calls = os.pipe()
        outcomes, its_outcomes = os.pipe()
        child = cls(os.fdopen(calls, "wb", buffering=0), os.fdopen(outcomes, "rb", buffering=0))
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: child,
                *command,
                stdin=its_calls,
                stdout=its_outcomes,
                env={**environment, **_ENVIRONMENT},
                cwd="/",
                # Its own session: Ctrl-C ends the parent, and the parent its children.
                start_new_session=True,
            )
        except BaseException as error:
            child._close()
            if isinstance(error, OSError):
                raise ComputeUnavailable(f"A process to compute in does not start: {error}.") from error
            raise
        finally:
            os.close(its_calls)
            os.close(its_outcomes)
        return child

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._transport.get_pid()

    @property
    def is_alive(self) -> bool:
        """Whether it can make a call."""
        return self._is_wanted and not self._ended.is_set()

    async def make(self, call: Message, threads: Executor) -> Message:
        """Have a call made, however long that takes.

        Args:
            threads: one of them waits for the outcome.

        Raises:
            ComputeUnavailable: the process ended before the outcome was there.
        """
        self._exchange = asyncio.get_running_loop().run_in_executor(threads, self._exchanged, call)
        # Who is cancelled leaves the thread waiting, until the process is killed.
        outcome = await asyncio.shield(self._exchange)
        if outcome is None:
            raise ComputeUnavailable("The process that computed ended before it was done.")
        self._exchange = None  # it holds what was read
        return outcome

    def kill(self) -> None:
        """End the process at once."""
        self._is_wanted = False
        if self._transport.get_returncode() is None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()

    async def gone(self) -> None:
        """Wait until the process is no more, and the thread that waited for it."""
        await self._ended.wait()
        if self._exchange is not None:
            await asyncio.wait([self._exchange])
        self._close()

    def _exchanged(self, call: Message) -> Message | None:
        with contextlib.suppress(BrokenPipeError):
            write_message(self._calls, call)
            return read_message(self._outcomes)
        return None

    def _close(self) -> None:
        self._calls.close()
        self._outcomes.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process was started."""
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """Take in complaints."""
        self._complaints = (self._complaints + cast(bytes, data))[-_KEPT_COMPLAINTS:]

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone, and all its streams."""
        if self._is_wanted:
            log.error(
                "a process that computes ended",
                code=self._transport.get_returncode(),
                stderr=self._complaints.decode(errors="replace").strip(),
            )
        self._transport.close()
        self._ended.set()
