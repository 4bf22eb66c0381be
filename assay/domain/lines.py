"""Who is next where many wait: owners take turns, however many of one owner wait."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Final

OWNER: Final[ContextVar[Hashable]] = ContextVar("owner", default=None)
"""Whom the current work is for, where whoever waits cannot be told as an argument: a project."""


class Lines[T]:
    """One line per owner, in which first come is first served.

    Whoever is next comes from the line whose turn it is; that line's next turn comes after one of each
    other line.

    Args:
        waits: whether one who stands in a line still waits; who does not is passed over, at no cost of a
            turn.
    """

    def __init__(self, waits: Callable[[T], bool]) -> None:
        self._waits = waits
        self._lines: OrderedDict[Hashable, deque[T]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def join(self, owner: Hashable, waiting: T) -> None:
        """Stand at the end of the owner's line."""
        self._lines.setdefault(owner, deque()).append(waiting)

    def leave(self, owner: Hashable, waiting: T) -> None:
        """Step out of the owner's line; nothing happens to who does not stand there (any more)."""
        line = self._lines.get(owner, deque())
        if waiting in line:
            line.remove(waiting)
            if not line:
                del self._lines[owner]

    def pop(self) -> T | None:
        """Take whoever is next out of their line; None if nobody waits."""
        while self._lines:
            owner, line = next(iter(self._lines.items()))
            first = line.popleft()
            waits = self._waits(first)
            if not line:
                del self._lines[owner]
            elif waits:
                self._lines.move_to_end(owner)
            if waits:
                return first
        return None
