"""Who is next where many wait for few places."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from assay.domain.lines import Lines


class Turns:
    """A number of places for which owners take turns, however many of one owner wait.

    Args:
        places: how many there are.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._lines: Lines[asyncio.Future[None]] = Lines(lambda place: not place.done())

    async def take(self, owner: Hashable) -> None:
        """Wait at the end of the owner's line, and take a place, which is to be given back."""
        if self._free:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._lines.join(owner, mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._lines.leave(owner, mine)
            else:  # the place came in the same moment
                self.give_back()
            raise

    @asynccontextmanager
    async def turn(self, owner: Hashable) -> AsyncIterator[None]:
        """A place for the length of the block."""
        await self.take(owner)
        try:
            yield
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Let whoever's turn it is have the place."""
        first = self._lines.pop()
        if first is None:
            self._free += 1
        else:
            first.set_result(None)
