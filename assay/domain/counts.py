"""Counts in sentences."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 batch`, `1,204 verdicts`.

    Args:
        many: the plural, if it is not `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
