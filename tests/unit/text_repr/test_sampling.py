"""Line numbers and the sampled view of long texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.text_repr import Options
from assay.domain.text_repr.rendering import numbered, rendered
from tests.unit.text_repr.shown import D, generation, text

LINES = st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=60).map("\n".join)
BANNER = re.compile(
    r"\[SAMPLED VIEW: Showing ~(\d+)% of ([\d,]+) lines\. Gaps in line numbers indicate omitted content\.\]"
)


def test_the_example_of_the_format() -> None:
    shown = generation(Options(include_line_numbers=True), input="hi")
    assert shown == text(f"L1: {D}", "L2: ", "L3: INPUT:", "L4: ", "L5: hi")


@pytest.mark.parametrize(
    ("count", "first", "last"), [(9, "L1: ", "L9: "), (12, "L01: ", "L12: "), (250, "L001: ", "L250: ")]
)
def test_numbers_are_as_wide_as_the_last(count: int, first: str, last: str) -> None:
    lines = numbered("\n" * (count - 1)).split("\n")
    assert (len(lines), lines[0], lines[-1]) == (count, first, last)


def hundred_lines() -> str:
    return text(*["x" * 20] * 100)


def test_the_check_value_of_the_format() -> None:
    rendering = rendered(hundred_lines(), Options(include_line_numbers=True, max_length=600))
    lines = rendering.text.split("\n")
    assert rendering.sampled
    assert len(rendering.text) == 575
    assert lines[2] == (
        "[SAMPLED VIEW: Showing ~14% of 100 lines. Gaps in line numbers indicate omitted content.]"
    )
    numbers = [int(line[1:4]) for line in lines if line.startswith("L")]
    assert numbers == [1, 2, 3, 4, 5, 6, 13, 20, 27, 35, 42, 49, 57, 64, 71, 79, 86, 93]


@pytest.mark.parametrize("max_length", [0, -1, 100 * 21 - 1, 10**400])
def test_texts_that_are_short_enough_stay(max_length: int) -> None:
    rendering = rendered(hundred_lines(), Options(max_length=max_length))
    assert rendering.text == hundred_lines()
    assert not rendering.sampled


@pytest.mark.parametrize(
    ("whole", "max_length"),
    [("a\nb\nc\nd\n" + "e" * 50, 20), (hundred_lines(), 150), (hundred_lines(), 1), (hundred_lines(), 2098)],
    ids=["five lines", "no room", "one character", "no line too many"],
)
def test_texts_that_are_cut(whole: str, max_length: int) -> None:
    rendering = rendered(whole, Options(max_length=max_length))
    assert rendering.sampled
    assert len(rendering.text) <= max_length
    if "SAMPLED" not in rendering.text:
        assert rendering.text == whole[:max_length]


def test_thousands_are_told_with_commas() -> None:
    rendering = rendered("\n".join(["x"] * 12_345), Options(max_length=500))
    assert " of 12,345 lines." in rendering.text


def test_long_lines_that_are_picked_are_fewer() -> None:
    whole = text(*["h"] * 5, *["short"] * 300, *["x" * 4000] * 10, *["short"] * 300)
    rendering = rendered(whole, Options(max_length=3000))
    assert len(rendering.text) <= 3000


@given(LINES, st.integers(1, 400), st.booleans())
def test_any_text(whole: str, max_length: int, with_numbers: bool) -> None:
    options = Options(max_length=max_length, include_line_numbers=with_numbers)
    rendering = rendered(whole, options)
    assert rendering == rendered(whole, options)
    assert len(rendering.text) <= max_length
    full = rendered(whole, Options(max_length=0, include_line_numbers=with_numbers)).text
    assert rendering.sampled == (len(full) > max_length)
    if not rendering.sampled:
        assert rendering.text == full
        return
    # Every line but the banner and perhaps the last, which may be cut, is one of the text, in its order.
    rest = iter(full.split("\n"))
    for line in rendering.text.split("\n")[:-1]:
        assert BANNER.fullmatch(line) or line in rest


@given(LINES)
def test_numbering_changes_nothing_else(whole: str) -> None:
    lines = numbered(whole).split("\n")
    if not whole:
        assert lines == [""]
        return
    width = len(str(len(lines)))
    assert [line[: width + 3] for line in lines] == [f"L{n:0{width}d}: " for n in range(1, len(lines) + 1)]
    assert "\n".join(line[width + 3 :] for line in lines) == whole
