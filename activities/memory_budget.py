"""Room in memory for events that are being judged, shared by everybody in the process who reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from assay.domain.lines import Lines


@dataclass(frozen=True, slots=True)
class _Waiter:
    size: int
    leave: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class MemoryBudget:
    """Bounds the bytes that are in use together.

    Owners take turns. Whoever is next is waited for, so that the large are not passed by for ever; one who is
    larger than the whole budget is let in when nobody else is.

    Args:
        limit: bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._lines: Lines[_Waiter] = Lines(lambda waiter: not waiter.leave.done())
        self._next: _Waiter | None = None

    @property
    def used(self) -> int:
        """Bytes in use."""
        return self._used

    @asynccontextmanager
    async def room(self, size: int, *, owner: Hashable) -> AsyncIterator[None]:
        """Wait until there is room, and hold it for the length of the block.

        Args:
            size: bytes.
            owner: takes turns with the other owners who wait.
        """
        waiter = _Waiter(size)
        self._lines.join(owner, waiter)
        self._serve()
        try:
            await waiter.leave
        except asyncio.CancelledError:
            self._lines.leave(owner, waiter)
            if waiter.leave.cancelled():
                self._serve()  # it may have been the one who was next
            else:
                self._give_back(size)  # leave came in the same moment
            raise
        try:
            yield
        finally:
            self._give_back(size)

    def _give_back(self, size: int) -> None:
        self._used -= size
        self._serve()

    def _serve(self) -> None:
        """Let in whoever may, in their order."""
        while True:
            if self._next is None or self._next.leave.done():
                self._next = self._lines.pop()
            if self._next is None or (self._used and self._used + self._next.size > self._limit):
                return
            self._used += self._next.size
            self._next.leave.set_result(None)
