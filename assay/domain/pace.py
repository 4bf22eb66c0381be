"""How many items to take at a time when nobody knows how long one takes."""

from __future__ import annotations

from typing import Final

_FIRST: Final = 10
_MOST: Final = 200
_FASTER: Final = 5


class Pace:
    """Begins small, grows while a take is quick, and shrinks to what fits the time.

    So slow items do not keep a shared place occupied for long, and quick ones are not slowed by many takes.

    Args:
        seconds: that a take should last at most.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._size = _FIRST

    @property
    def size(self) -> int:
        """Items to take next, at least one."""
        return self._size

    def took(self, items: int, seconds: float) -> None:
        """Learn from a take."""
        fitting = int(items * self._seconds / seconds) if seconds > 0 else _MOST
        self._size = max(1, min(fitting, self._size * _FASTER, _MOST))
