"""Texts whose letters have lost their case, character by character."""

from __future__ import annotations

import re
from typing import Final

from assay.domain.hog.budget import Budget

WORKSPACE: Final = 12
"""Bytes that Python allocates for each character when it changes the case of a text beyond ASCII."""

_BYTES_PER_PIECE: Final = 128
"""Two pieces of a text, and their places in a list."""


def folded(budget: Budget, text: str) -> str:
    """A text in which letters are the same if Unicode's simple case folding says so.

    The full folding that Python knows makes `ss` of `ß`, which would move everything behind it. Here every
    character stays one, so what is found in the result is found at the same place of the text.

    Raises:
        LimitExceeded: the budget does not suffice.
    """
    budget.text(len(text))
    if not text.isascii():
        budget.reserve(WORKSPACE * len(text))
    full = text.casefold()
    grown = len(full) - len(text)
    if not grown:
        return full
    budget.spend(grown)
    budget.reserve(_BYTES_PER_PIECE * grown)
    return _PIECES.sub(_folded_piece, text)


def _simply_folded(character: str) -> str:
    """The simple folding of a character whose full folding is longer (CaseFolding.txt, status F)."""
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


_GROWING: Final = {
    character: _simply_folded(character)
    for character in map(chr, (*range(0x80, 0x2000), *range(0xFB00, 0xFB18)))
    if len(character.casefold()) > 1
}
"""Characters whose full folding is longer; all of Unicode's are in these ranges."""

_PIECES: Final = re.compile("[{0}]|[^{0}]+".format("".join(_GROWING)))


def _folded_piece(piece: re.Match[str]) -> str:
    return _GROWING.get(piece[0]) or piece[0].casefold()
