"""Child processes of one role, kept for the next caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from assay.adapters.hog.process import Child
from assay.domain.hog.limits import MIB
from assay.domain.turns import Turns
from assay.errors import HogUnavailable

log = structlog.get_logger(__name__)

_CLOSED: Final = "Assay is shutting down."
_CROWDED: Final = "Too many Hog programs wait for a process: try again later."


@dataclass(frozen=True, slots=True)
class Wear:
    """When a child has served long enough.

    Attributes:
        requests: it is replaced after so many.
        growth: or when it has so many bytes of memory more than at its start.
        idle_seconds: it is closed when nobody needed it for so long.
    """

    requests: int = 5_000
    growth: int = 96 * MIB
    idle_seconds: float = 300.0


class Pool:
    """Starts children when they are needed, at most so many; owners of calls take turns for them.

        async with pool.turn(owner):
            async with pool.child() as child:
                ...

    Args:
        start: starts a child.
        size: the most children at a time.
    """

    def __init__(self, start: Callable[[], Awaitable[Child]], *, size: int, wear: Wear) -> None:
        self._start = start
        self._wear = wear
        self._turns = Turns(size)
        self._free: dict[Child, asyncio.TimerHandle] = {}
        self._used: set[Child] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        self.size = size

    @asynccontextmanager
    async def turn(self, owner: Hashable, *, by: float | None = None) -> AsyncIterator[None]:
        """Wait for the right to have a child, and keep it for the length of the block.

        Who enters stands at the end of the owner's line; the owners that wait take turns (`Turns`). Nothing
        is started yet: a caller who waited for long may need no child any more.

        Args:
            owner: whose turn it is.
            by: time of the event loop at which to give up; None to wait for as long as it takes.

        Raises:
            HogUnavailable: the turn did not come in time.
        """
        try:
            async with asyncio.timeout_at(by):
                await self._turns.take(owner)
        except TimeoutError:
            raise HogUnavailable(_CROWDED) from None
        try:
            yield
        finally:
            self._turns.give_back()

    @asynccontextmanager
    async def child(self) -> AsyncIterator[Child]:
        """A child for the length of the block, in a turn: one that is free, or a new one.

        A child is replaced if the block ends with an exception, because nobody knows what it is doing, and
        if it has said more than was taken.

        Raises:
            HogUnavailable: none can be started.
        """
        child = self._take() or await self._new()
        self._used.add(child)
        try:
            yield child
        except BaseException:
            self._end(child)
            raise
        self._used.discard(child)
        self._give_back(child)

    async def close(self) -> None:
        """End all children, those that work, too, and wait until they are gone.

        Whoever has one, or waits for a turn, is told that there is none.
        """
        self._closed.set()
        for child in [*self._free, *self._used]:
            self._end(child)
        for _ in range(self.size):
            await self._turns.take(self)
        for _ in range(self.size):
            self._turns.give_back()
        if self._ending:
            await asyncio.wait(self._ending)

    def _take(self) -> Child | None:
        """The child that was used last, so that those too many grow idle."""
        while self._free:
            child, timer = self._free.popitem()
            timer.cancel()
            if child.is_usable:
                return child
            self._end(child)
        return None

    async def _new(self) -> Child:
        if self._closed.is_set():
            raise HogUnavailable(_CLOSED)
        child = await self._start()
        if self._closed.is_set():
            self._end(child)
            raise HogUnavailable(_CLOSED)
        log.debug("process for Hog programs started", pid=child.pid)
        return child

    def _give_back(self, child: Child) -> None:
        worn = child.requests >= self._wear.requests or child.growth >= self._wear.growth
        if worn or not child.is_usable or self._closed.is_set():
            self._end(child)
            return
        loop = asyncio.get_running_loop()
        self._free[child] = loop.call_later(self._wear.idle_seconds, self._end, child)

    def _end(self, child: Child) -> None:
        """Kill a child, which has nothing to lose, and see it off beside the caller."""
        if timer := self._free.pop(child, None):
            timer.cancel()
        self._used.discard(child)
        child.kill()
        seeing_off = asyncio.create_task(child.gone())
        self._ending.add(seeing_off)
        seeing_off.add_done_callback(self._ending.discard)
