"""How many condition sets a request may hold, and how large they may be."""

from __future__ import annotations

import json
from typing import Any, Final, override

from assay.contracts.wire import Items, refusal

MAX_SETS: Final = 100
"""Sets of one request: each new event is compared with all of them."""

MAX_PROPERTIES: Final = 1_000
"""Filters of one set that are stored; how many can be evaluated is for the filters to say."""

MAX_BYTES: Final = 256 * 1024
"""Of all sets together, as compact JSON. All that filters may hold fits, also if every byte is escaped."""

_ADDED: Final = frozenset({"bytecode", "bytecode_error"})


class ConditionSets(Items):
    """A list of condition sets, bounded in number and in size before any of them is looked at.

    What the engine adds to a set has no part in the size: it is sent back by clients that change a set they
    have read, and replaced.
    """

    @override
    def read(self, value: Any, source: Any) -> list[Any]:
        sets = Items.read(self, value, source)
        # Not orjson, which does not write integers beyond 64 bits.
        text = json.dumps([_as_stored(each) for each in sets], ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > MAX_BYTES:
            raise refusal("max_length", "Ensure this field has no more than {limit} bytes.", limit=MAX_BYTES)
        return sets


def _as_stored(condition: Any) -> Any:
    if not isinstance(condition, dict):
        return condition
    return {name: value for name, value in condition.items() if name not in _ADDED}
