"""Simple case folding: character by character, and the same that RE2 does."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog import patterns
from assay.domain.hog.library.folding import folded

from .caller import TEXTS, new_budget

ALL = [chr(code) for code in range(sys.maxunicode + 1)]


def test_every_character_stays_one_character() -> None:
    growing = [character for character in ALL if len(character.casefold()) > 1]
    assert len(growing) > 100
    folds = folded(new_budget(), "".join(growing))
    assert len(folds) == len(growing)
    assert folded(new_budget(), folds) == folds


@given(TEXTS)
def test_texts_keep_their_length(text: str) -> None:
    assert [folded(new_budget(), character) for character in text] == list(folded(new_budget(), text))


CASED = [
    character
    for character in ALL[:0x2500]
    if unicodedata.category(character) in {"Lu", "Ll", "Lt"} and len(character.upper()) == 1
]


@given(st.sampled_from(CASED))
def test_letters_are_the_same_where_ilike_says_so(letter: str) -> None:
    for other in {letter.upper(), letter.lower(), letter.swapcase(), letter.casefold()}:
        if len(other) == 1:
            alike = patterns.like(new_budget(), other, letter, ignore_case=True)
            assert (folded(new_budget(), other) == folded(new_budget(), letter)) is alike
