"""Numbers in the text of a property."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

NUMBER: Final = "[+-]?(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"
"""A decimal number, and nothing beside it."""

_NUMBER = re.compile(NUMBER)


def number_of(text: str) -> float | None:
    """The number that a text is, to the nearest 64-bit floating point; None if it is no finite one."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if isfinite(number) else None
