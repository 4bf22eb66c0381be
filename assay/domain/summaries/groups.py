"""Which notes are condensed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_GROUP: Final = 2
"""Notes of two pieces, at least, are condensed together, or there would be no end of it."""


def longest_notes(room: int) -> int:
    """Characters of the notes on a piece, so that a few of them fit one question together."""
    return room // (2 * _GROUP)


def groups_of(lengths: Sequence[int], room: int) -> list[slice]:
    """Neighbours whose texts fit one question together, in groups.

    Args:
        lengths: of the texts, in characters.
        room: of a question. A group has at least two members all the same, unless there is only one left.
    """
    groups: list[slice] = []
    start, used = 0, 0
    for place, length in enumerate(lengths):
        if place - start >= _GROUP and used + length + 1 > room:
            groups.append(slice(start, place))
            start, used = place, 0
        used += length + 1
    if start < len(lengths):
        groups.append(slice(start, len(lengths)))
    return groups
