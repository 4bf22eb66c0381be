"""How much text the events of a tree may have in all.

The indentation of states and of the tree multiply: some megabytes of line breaks or of brackets could come to
gigabytes of text. What traces of agents hold comes to a few times their size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from assay.domain.text_repr.values import compact_bytes

_SPARE: Final = 50_000_000
_PER_BYTE: Final = 16

_NOTHING: Final[Mapping[str, Any]] = {}


class Allowance:
    """Sixteen characters for each byte of the events, and fifty million.

    Texts that are left out have been made, and count like the others: this bounds the work as well.
    """

    def __init__(self, hierarchy: Sequence[Any]) -> None:
        self._hierarchy = hierarchy
        self._left = _SPARE
        self._is_measured = False

    @property
    def is_spent(self) -> bool:
        """Whether not even the shortest text has room."""
        return self._left <= 0

    def take(self, characters: int) -> bool:
        """Whether a text of so many characters has room; from now on it has taken it."""
        if characters > self._left and not self._is_measured:  # hardly ever, and it costs
            self._is_measured = True
            self._left += _PER_BYTE * _size(self._hierarchy)
        self._left -= characters
        return self._left >= 0


def event_of(node: object) -> Mapping[str, Any]:
    """The event of a node; nothing if it has none."""
    event = node.get("event") if isinstance(node, dict) else None
    return event if isinstance(event, dict) else _NOTHING


def children_of(node: object) -> Sequence[Any]:
    """The nodes below a node."""
    children = node.get("children") if isinstance(node, dict) else None
    return children if isinstance(children, list) else ()


def _size(hierarchy: Sequence[Any]) -> int:
    """Bytes of the events of a tree as JSON."""
    size = 0
    waiting = list(hierarchy)
    while waiting:
        node = waiting.pop()
        size += len(compact_bytes(event_of(node)))
        waiting += children_of(node)
    return size
