"""Who is next where many wait for few places."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable


class Turns:
    """A number of places for which owners take turns, however many of one owner wait.

    Each owner has a line, in which first come is first served. A free place goes to the first of the owner
    whose turn it is, and that owner's next turn comes after one of everybody else who waits.

    Args:
        places: how many there are.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._lines: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    async def take(self, owner: Hashable) -> None:
        """Wait at the end of the owner's line, and take a place, which is to be given back."""
        if self._free:
            self._free -= 1
            return
        mine = asyncio.get_running_loop().create_future()
        self._lines.setdefault(owner, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.cancelled():
                self._leave(owner, mine)
            else:  # the place came in the same moment
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let whoever's turn it is have the place."""
        while self._lines:
            owner, line = next(iter(self._lines.items()))
            first = line.popleft()
            waits = not first.done()
            if not line:
                del self._lines[owner]
            elif waits:
                self._lines.move_to_end(owner)
            if waits:
                first.set_result(None)
                return
        self._free += 1

    def _leave(self, owner: Hashable, place: asyncio.Future[None]) -> None:
        line = self._lines.get(owner, deque())
        if place in line:
            line.remove(place)
            if not line:
                del self._lines[owner]
