"""Make any JSON value one that every part of Assay can store and send."""

from __future__ import annotations

import math
from typing import Any

_SMALLEST_INT = -(2**63)
_LARGEST_INT = 2**64 - 1


class TooDeep(ValueError):
    """A value is nested deeper than allowed."""


def storable(value: Any, *, levels: int) -> Any:
    """`value` without what JSON text cannot carry or an encoder refuses.

    NaN and infinities become null, as JavaScript writes them. Integers outside 64 bits become floating
    point numbers, as JavaScript reads them. Lone surrogates become U+FFFD. Everything else is unchanged.

    Args:
        levels: how many objects and arrays may be nested in each other; the outermost counts.

    Raises:
        TooDeep: more are.
    """
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict | list):
        if levels == 0:
            raise TooDeep
        if isinstance(value, list):
            return [storable(item, levels=levels - 1) for item in value]
        return {well_formed(key): storable(item, levels=levels - 1) for key, item in value.items()}
    if isinstance(value, int) and not _SMALLEST_INT <= value <= _LARGEST_INT:
        return _as_float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def well_formed(text: str) -> str:
    """`text` with U+FFFD in place of each surrogate that is not half of a pair."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _as_float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None
