"""Pieces of texts: all of the text is in them, and every line keeps its number."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.summaries.line_refs import KnownLines, Span
from assay.domain.summaries.pieces import LEAST_ROOM, pieces_of
from assay.domain.text_repr.rendering import numbered

texts = st.lists(
    st.text(st.characters(exclude_characters="\n"), max_size=700), min_size=1, max_size=30
).filter(
    lambda lines: lines != [""]  # nothing has no line numbers
)


def contents(pieces: list[str]) -> dict[int, str]:
    """The lines by their numbers, put together again."""
    found: dict[int, str] = {}
    for piece in pieces:
        for line in piece.split("\n"):
            match = re.match(r"L0*(\d+): ", line)
            assert match is not None
            found[int(match[1])] = found.get(int(match[1]), "") + line[match.end() :]
    return found


@given(texts, st.integers(LEAST_ROOM, 1_000))
def test_nothing_is_lost(lines: list[str], room: int) -> None:
    pieces = pieces_of(numbered("\n".join(lines)), room)

    assert all(0 < len(piece) <= room for piece in pieces)
    assert contents(pieces) == dict(enumerate(lines, 1))


@given(texts, st.integers(2 * LEAST_ROOM, 1_000))
def test_pieces_of_pieces_are_pieces(lines: list[str], room: int) -> None:
    pieces = pieces_of(numbered("\n".join(lines)), room)
    smaller = [part for piece in pieces for part in pieces_of(piece, room // 2)]
    assert contents(smaller) == dict(enumerate(lines, 1))


@given(texts, st.integers(LEAST_ROOM, 1_000))
def test_pieces_know_their_lines(lines: list[str], room: int) -> None:
    for piece in pieces_of(numbered("\n".join(lines)), room):
        shown = contents([piece])
        assert KnownLines.of_text(piece).spans == (Span(min(shown), max(shown)),)


def test_there_is_a_smallest_piece() -> None:
    with pytest.raises(ValueError, match="too small"):
        pieces_of("L1: x", LEAST_ROOM - 1)
