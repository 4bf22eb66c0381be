"""Lines that every kind of text shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

DASHES: Final = "-" * 80
EQUALS: Final = "=" * 80


def section(before: Sequence[str], lines: Sequence[str]) -> list[str]:
    """The lines of a section, after an empty one if something stands before it."""
    return ["", *lines] if before and lines else list(lines)
