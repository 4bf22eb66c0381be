"""What is left out of long contents, and what stands for it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.json_values import well_formed
from assay.domain.text_repr import Options
from assay.domain.text_repr.truncation import truncated
from tests.unit.text_repr.shown import base64, plain, text

ALPHABET = "ABCDEFGHIJKL"


@pytest.mark.parametrize(
    ("buffer", "first", "middle", "over", "last"),
    [
        (5, "AB", "CDEFGHIJ", 7, "KL"),
        (4, "AB", "CDEFGHIJ", 8, "KL"),
        (11, "ABCDE", "FG", 1, "HIJKL"),
        (1, "", "", 11, ALPHABET),
        (0, "", "", 12, ALPHABET),
        (-3, "", "", 12, ALPHABET),
    ],
)
def test_a_long_text(buffer: int, first: str, middle: str, over: int, last: str) -> None:
    options = Options(truncate_buffer=buffer)
    assert truncated(ALPHABET, options) == text(
        first, "", f"<<<TRUNCATED|{base64(middle)}|{over}>>>", "", last
    )
    without = Options(truncate_buffer=buffer, include_markers=False)
    assert truncated(ALPHABET, without) == text(first, "", f"... ({over} chars truncated) ...", "", last)
    assert truncated(ALPHABET, Options(truncate_buffer=buffer, truncated=False)) == ALPHABET


def test_the_example_of_the_format() -> None:
    shown = truncated(ALPHABET, Options(truncate_buffer=5))
    assert shown == "AB\n\n<<<TRUNCATED|Q0RFRkdISUo=|7>>>\n\nKL"


def test_a_text_as_long_as_the_buffer_stays() -> None:
    assert truncated("é" * 1000, Options()) == "é" * 1000
    assert truncated("é" * 1001, Options()) == text(
        "é" * 500, "", f"<<<TRUNCATED|{base64('é')}|1>>>", "", "é" * 500
    )


TEXTS = st.text(st.characters(), max_size=60)


@given(TEXTS, st.integers(2, 40))
def test_markers_hold_what_was_cut(content: str, buffer: int) -> None:
    shown = truncated(content, Options(truncate_buffer=buffer))
    if len(content) <= buffer:
        assert shown == content
        return
    half = buffer // 2
    first, last = content[:half], content[-half:]
    marked = re.fullmatch(
        rf"{re.escape(first)}\n\n<<<TRUNCATED\|([A-Za-z0-9+/]*=*)\|(\d+)>>>\n\n{re.escape(last)}", shown
    )
    assert marked is not None
    assert first + plain(marked[1]) + last == content
    assert int(marked[2]) == len(content) - buffer


@given(st.text(st.characters(categories=["Cs", "Lu"]), min_size=10, max_size=60))
def test_lone_surrogates_are_replaced_in_markers(content: str) -> None:
    shown = truncated(content, Options(truncate_buffer=4))
    encoded = shown.split("|")[1]
    assert plain(encoded) == well_formed(content[2:-2])
