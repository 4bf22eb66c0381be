"""Whether the indented form of a JSON value would be mostly blanks.

A few hundred brackets can ask for hundreds of blanks before each of their lines. What data look like that
somebody means is nowhere near: twenty levels are never too many, however short the lines are.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

DEEPEST: Final = 254
"""Deepest level that is indented, which is where orjson ends; what is below is written on one line."""

SPARE: Final = 1_000_000
"""Blanks that a value may have however short it is."""

_PER_BYTE: Final = 40
_MOST: Final = 50_000_000

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_STRUCTURE: Final = b",[]{}"
_NO_STRUCTURE: Final = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_STEPS: Final = [(byte in b"[{") - (byte in b"]}") for byte in range(256)]


def is_mostly_indentation(text: bytes, spare: int = SPARE) -> bool:
    """Whether a value's indented form would have more blanks than are worth it: 40 for each byte of it.

    Args:
        text: the value as compact JSON.
        spare: how many blanks more there may be. Never are more than fifty million.
    """
    allowed = min(_PER_BYTE * len(text) + spare, _MOST)
    lines = text.count(b",") + 2 * (text.count(b"[") + text.count(b"{"))
    if 2 * DEEPEST * lines <= allowed:
        return False
    structure = _structure(text)
    deepest = 0
    for level in accumulate(map(_STEPS.__getitem__, structure.replace(b",", b""))):
        deepest = max(deepest, level)
    if 2 * deepest * len(structure) <= allowed:
        return False
    levels = accumulate(map(_STEPS.__getitem__, structure))
    return 2 * sum(min(level, DEEPEST) for level in levels) > allowed


def _structure(text: bytes) -> bytes:
    """The brackets and commas of a value: a line begins after each of them, or with it if it closes."""
    bare = _STRING.sub(b"0", text).replace(b"[]", b"0").replace(b"{}", b"0")
    return bare.translate(None, _NO_STRUCTURE)
