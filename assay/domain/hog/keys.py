"""What can be the key of a dictionary."""

from __future__ import annotations

from typing import Final

from assay.domain.hog.limits import MAX_KEY_TEXT
from assay.domain.hog.values import Value

_MAX_BITS: Final = 64
"""Dictionaries cannot tell larger integers apart quickly: a program could choose them to be alike."""

_ALWAYS: Final = frozenset({type(None), bool, float})


def is_key(value: Value) -> bool:
    """Whether a value can be a key: null, a boolean, a number or a text.

    Texts and integers that are too large cannot: to look for one would take longer than a step may. For the
    same reason no tuple is a key: programs could compute any number of different ones with one hash.
    """
    kind = type(value)
    if kind is str:
        return bool(len(value) <= MAX_KEY_TEXT)
    if kind is int:
        return bool(value.bit_length() <= _MAX_BITS)
    return kind in _ALWAYS
