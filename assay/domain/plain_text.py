"""Text of others as one line that shows what it says, and does nothing else."""

from __future__ import annotations

import unicodedata
from typing import Final

from assay.domain.json_values import well_formed

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They have the text after them read the other way round. Letters have a direction of their own."""


def one_line(text: str) -> str:
    """A text without control characters and marks of direction, its words a space apart.

    Terminals obey the former; the latter can make a title look like another one. What joins emoji, or letters
    of scripts that need it, stays.
    """
    spaced = " ".join(well_formed(text).split())
    return " ".join("".join(each for each in spaced if not _is_hidden(each)).split())


def _is_hidden(character: str) -> bool:
    return character in _DIRECTIONS or unicodedata.category(character) == "Cc"
