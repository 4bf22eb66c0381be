"""Texts that are put together from many parts."""

from __future__ import annotations

from io import StringIO
from typing import Final

from assay.domain.hog.budget import Budget
from assay.domain.hog.limits import CHARACTERS_PER_STEP, MAX_TEXT

_STEPS_PER_PART: Final = 8
"""For making a part and finding the next one, so that a few values in ever more lists end by steps."""

_WIDE: Final = 4
"""Bytes that each character may take as soon as one is beyond ASCII."""

_BATCH: Final = 4096
"""Parts and characters that may wait to be charged together."""


class TextBuffer:
    """Collects parts of a text and charges for them: some steps for each, and the memory.

    Args:
        budget: that pays.
    """

    __slots__ = ("_budget", "_due_parts", "_due_size", "_length", "_parts", "_width")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._parts = StringIO()
        self._length = 0
        self._due_parts = 0
        self._due_size = 0
        self._width = 1

    def add(self, part: str) -> None:
        """Append a part.

        Raises:
            LimitExceeded: the text would be too long, or the budget does not suffice.
        """
        self._due_parts += 1
        self._due_size += len(part)
        if not part.isascii():
            self._width = _WIDE
        if self._due_parts + self._due_size > _BATCH:
            self._charge()
        self._parts.write(part)

    def text(self) -> str:
        """All parts, joined.

        Raises:
            LimitExceeded: the text would be too long, or the budget does not suffice.
        """
        self._charge()
        self._budget.reserve(self._length * self._width)
        return self._parts.getvalue()

    def _charge(self) -> None:
        self._length += self._due_size
        if self._length > MAX_TEXT:
            self._budget.text(self._length)
        self._budget.spend(self._due_parts * _STEPS_PER_PART + self._due_size // CHARACTERS_PER_STEP)
        self._budget.reserve(self._due_size * self._width)
        self._due_parts = self._due_size = 0
