"""A mapping that keeps what was used last."""

from __future__ import annotations

from collections import OrderedDict


class Recent[K, V]:
    """A mapping that forgets the entry that was not used for longest.

    Two of the same size that see the same calls hold the same keys: so the parent knows, without asking,
    which programs a child has.

    Args:
        size: the most entries.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value of a key, which counts as a use; None if there is none."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value, and forget another one if there are too many."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
