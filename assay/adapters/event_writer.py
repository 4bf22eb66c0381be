"""The one way of single events to the event store: many writers share one insert.

A column store takes a thousand rows in little more time than one. So while one insert runs in a worker
thread, the writes that arrive wait together, and the next insert takes them all (group commit): an idle
server adds no delay, a busy one makes its blocks larger. Nobody is told that an event is stored before the
insert that holds it has returned.

What one caller writes must not hurt another: when the store refuses a block, each of its writes is tried
alone, and inside a write the refused events are found by halving.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from assay.contracts.events import Event, WriteResult
from assay.errors import EventsRejected, StoreUnavailable

_MIB = 1024 * 1024

_MANY = 100
"""Events that wait for no others."""


class Store(Protocol):
    """Where blocks of events go."""

    def insert(self, events: Sequence[Event]) -> None:
        """Write events in one block; they are durable when this returns.

        Raises:
            EventsRejected: the store cannot hold one of them, and has none.
            StoreUnavailable: nothing is known to be written.
        """


@dataclass(frozen=True, slots=True)
class _Write:
    events: Sequence[Event]
    size: int
    done: asyncio.Future[WriteResult]

    def succeed(self, refused: Mapping[int, str]) -> None:
        if not self.done.done():  # a caller who went away has cancelled it
            self.done.set_result(WriteResult(refused))

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class BlockEventWriter:
    """`assay.ports.EventWriter`: writes events in blocks, one block at a time.

    Use one per event store and close it with `aclose`.

    Args:
        store: where the events go; its `insert` is called from one worker thread.
        block_events: events of one insert; a larger write is an insert of its own.
        block_bytes: bytes of one insert, likewise.
        queue_bytes: bytes that may wait for their insert; while there are more, `write` waits to queue.
        gather_seconds: how long events wait for others to share an insert with, unless there are many.
        stored: told of all events that an insert has stored, also of those whose writer went away meanwhile.
    """

    def __init__(
        self,
        store: Store,
        *,
        block_events: int = 5_000,
        block_bytes: int = 32 * _MIB,
        queue_bytes: int = 128 * _MIB,
        gather_seconds: float = 0.0,
        stored: Callable[[Sequence[Event]], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._block_events = block_events
        self._block_bytes = block_bytes
        self._queue_bytes = queue_bytes
        self._gather_seconds = gather_seconds
        self._many = asyncio.Event()
        self._stored = stored
        self._queue: deque[_Write] = deque()
        self._queued_bytes = 0
        self._room = asyncio.Condition()
        self._drainer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="event-writer")
        self._closed = False

    async def write(self, events: Sequence[Event], *, size: int) -> WriteResult:
        """Store events; they are durable when this returns, except those that the result names.

        A caller may be cancelled while it waits: its events may then be stored or not, and nobody else's
        are touched.

        Args:
            size: bytes of the request they came in, to bound blocks and memory.

        Raises:
            StoreUnavailable: nothing is known to be stored; writing the same events again is safe.
        """
        if not events:
            return WriteResult({})
        async with self._room:
            await self._room.wait_for(lambda: self._closed or self._has_room(size))
            if self._closed:
                raise StoreUnavailable("The server is shutting down.")
            write = _Write(events, size, asyncio.get_running_loop().create_future())
            self._queue.append(write)
            if sum(len(waiting.events) for waiting in self._queue) >= _MANY:
                self._many.set()
            self._queued_bytes += size
            if self._drainer is None:
                # A context of its own: the task outlives the request that happens to start it.
                self._drainer = asyncio.create_task(self._drain(), context=Context())
        return await write.done

    async def aclose(self) -> None:
        """Finish what was accepted and refuse what comes later."""
        async with self._room:
            self._closed = True
            self._many.set()
            self._room.notify_all()
        if self._drainer is not None:
            await asyncio.wait([self._drainer])
        self._thread.shutdown()

    def _has_room(self, size: int) -> bool:
        return not self._queue or self._queued_bytes + size <= self._queue_bytes

    async def _drain(self) -> None:
        while self._queue:
            await self._gather()
            block = self._next_block()
            async with self._room:
                self._room.notify_all()
            await self._commit(block)
        # No await since the queue was seen empty, so the next write starts a drainer of its own.
        self._drainer = None

    async def _gather(self) -> None:
        """Let more events come: an insert costs the store about the same for one as for a hundred."""
        if not self._gather_seconds or self._closed:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._many.wait(), self._gather_seconds)
        self._many.clear()

    def _next_block(self) -> list[_Write]:
        block: list[_Write] = []
        events = size = 0
        while self._queue:
            events += len(self._queue[0].events)
            size += self._queue[0].size
            if block and (events > self._block_events or size > self._block_bytes):
                break
            write = self._queue.popleft()
            self._queued_bytes -= write.size
            block.append(write)
        return block

    async def _commit(self, block: Sequence[_Write]) -> None:
        """Insert a block and answer each of its writes; never raises."""
        if len(block) == 1:
            await self._commit_alone(block[0])
            return
        try:
            await self._insert(list(chain.from_iterable(write.events for write in block)))
        except StoreUnavailable as error:
            for write in block:
                write.fail(StoreUnavailable(error.detail, retry_after=error.retry_after))
        except Exception:
            # Whatever it is, one write's content is at fault: alone, each gets the answer that is its own.
            for write in block:
                await self._commit_alone(write)
        else:
            for write in block:
                write.succeed({})

    async def _commit_alone(self, write: _Write) -> None:
        try:
            refused = await self._store_all_but_refused(write.events)
        except Exception as error:
            write.fail(error)
        else:
            write.succeed(refused)

    async def _store_all_but_refused(self, events: Sequence[Event], first: int = 0) -> dict[int, str]:
        try:
            await self._insert(events)
        except EventsRejected as error:
            if len(events) == 1:
                return {first: error.detail}
            middle = len(events) // 2
            return {
                **await self._store_all_but_refused(events[:middle], first),
                **await self._store_all_but_refused(events[middle:], first + middle),
            }
        return {}

    async def _insert(self, events: Sequence[Event]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.insert, events)
        self._stored(events)
