"""Texts, and the work on them, are in proportion to what is shown.

Sizes here are such that what grows faster than the input would take minutes or gigabytes.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.text_repr import Options, format_trace
from assay.domain.text_repr.indentation import is_mostly_indentation
from assay.domain.text_repr.literals import parse_literal
from assay.domain.text_repr.rendering import numbered
from assay.domain.text_repr.tree import TOO_LONG
from assay.domain.text_repr.values import compact, pretty, pretty_shortened
from tests.unit.text_repr.shown import base64, generation, node, span

PLAIN = Options(include_markers=False, truncated=False, max_length=0)
SMALL = st.recursive(
    st.integers(-9, 999) | st.text('a,[]{}"\\', max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('b,[}"', max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


def within(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


MOSTLY_BLANKS = within([1] * 94_000, 252)


@pytest.mark.parametrize(
    "text",
    [
        *("\\'", '\\"', "'\\\n", "'a',\\'", "'\n", "\"'\n", "'a", "\\N{", "'\\N{", "a'", "1'", "'a' '"),
        *("1 ,", " ", "_", "1e", "0", "1.", "True ", "true ", "True'"),
    ],
)
@pytest.mark.parametrize("brackets", ["{}", "[]"])
def test_what_only_looks_like_a_literal_is_read_in_one_pass(text: str, brackets: str) -> None:
    assert parse_literal(f"{brackets[0]}{text * 500_000}x{brackets[1]}") is None


def test_a_long_string_with_escapes_is_read() -> None:
    body = "\\n\\'" * 1_000_000
    assert parse_literal(f"['{body}']") == ["\n'" * 1_000_000]


@given(SMALL, st.integers(0, 120), st.integers(0, 3000))
def test_blanks_are_counted_exactly(value: Any, levels: int, spare: int) -> None:
    wrapped = [within(value, levels), value]
    text = orjson.dumps(wrapped)
    lines = json.dumps(wrapped, indent=2).split("\n")
    blanks = sum(len(line) - len(line.lstrip(" ")) for line in lines)
    assert is_mostly_indentation(text, spare) == (blanks > 40 * len(text) + spare)


@pytest.mark.parametrize("levels", [1, 10, 18])
def test_twenty_levels_are_always_indented(levels: int) -> None:
    value = within([[number % 10] for number in range(30_000)], levels)
    for write in (pretty, lambda it: pretty_shortened(it, 100)):
        assert write(value) == json.dumps(value, indent=2)


def test_what_would_be_mostly_indentation_is_not_indented() -> None:
    assert pretty(MOSTLY_BLANKS) == json.dumps(MOSTLY_BLANKS)
    assert pretty_shortened({"a": MOSTLY_BLANKS, "b": "xyz"}, 2) == json.dumps(
        {"a": MOSTLY_BLANKS, "b": "[3 chars not shown]"}
    )
    literal = json.dumps(MOSTLY_BLANKS[0][0])[100:-100]
    assert span(PLAIN, input_state=literal).endswith(literal)


def test_short_values_have_something_to_spare() -> None:
    value = within(1, 250)
    assert pretty(value) == json.dumps(value, indent=2)


def test_items_of_a_conversation_have_nothing_to_spare() -> None:
    deep = within(1, 250)
    shown = generation(PLAIN, input=[{"type": "new", "deep": deep}] * 2000)
    assert shown.count(compact(deep)) == 2000


def test_an_error_that_would_be_mostly_indentation_has_a_line_per_field() -> None:
    deep = within([1] * 200_000, 98)
    shown = generation(PLAIN, error={"status": 429, "deep": deep})
    assert shown.endswith(f"ERROR:\n\nstatus: 429\ndeep: {deep}\n")
    shallow = within([1] * 200_000, 10)
    assert generation(PLAIN, error={"deep": shallow}).count(f"\n{'  ' * 11}- 1") == 200_000


def test_states_of_a_trace_that_would_be_mostly_indentation() -> None:
    spans = [node("$ai_span", input_state=MOSTLY_BLANKS) for _ in range(6)]
    text = format_trace({}, spans).text
    assert len(text) < 3 * len(json.dumps(spans))


def deep(levels: int, *nodes: Any) -> list[Any]:
    """Nodes so many levels below the root."""
    found = list(nodes)
    for _ in range(levels):
        found = [node("$ai_metric", *found)]
    return found


def test_a_trace_of_twenty_five_megabytes_and_ten_levels_is_shown() -> None:
    said = "It was said in some forty characters.\n" * 650
    tree = deep(10, *(node("$ai_generation", input=said) for _ in range(1000)))
    text = format_trace({}, tree, PLAIN).text
    assert text.count("forty") == 650_000
    assert TOO_LONG not in text


def test_a_text_for_which_a_tree_has_no_room_is_left_out() -> None:
    long = node("$ai_generation", error="\n" * 3_000_000)
    options = Options(include_markers=False, max_depth=100)
    text = format_trace({}, deep(29, node("$ai_span", span_name="before"), long), options).text
    lines = [line.strip(" │├└─") for line in text.split("\n")]
    assert lines[-5:] == ["[+] [SPAN] before", "BEFORE", "=" * 80, "[+] [GEN] generation (ERROR)", TOO_LONG]


@pytest.mark.parametrize("markers", [True, False])
def test_many_states_that_are_mostly_indentation(markers: bool) -> None:
    """Each is short enough to be indented, which all together are not."""
    spans = [node("$ai_span", span_name=f"s{number}", input_state=within(1, 254)) for number in range(2500)]
    options = Options(include_markers=markers, truncated=False, max_length=0)
    text = format_trace({}, spans, options).text
    assert text.count("[SPAN] s") == 2500
    assert text.count(base64(TOO_LONG) if markers else TOO_LONG) > 1000
    assert len(text) < 50_000_000 + 16 * len(json.dumps(spans))


@given(st.lists(st.sampled_from(["", "%", "%d", "a", "b" * 40_000]), max_size=12))
def test_long_texts_are_numbered_throughout(lines: list[str]) -> None:
    text = "\n".join(["x", *lines])
    found = numbered(text).split("\n")
    width = len(str(len(lines) + 1))
    assert [line.partition(": ")[2] for line in found] == text.split("\n")
    numbers = [line.partition(": ")[0] for line in found]
    assert {len(number) for number in numbers} == {width + 1}
    assert numbers[0] == f"L{1:0{width}d}"
    assert all(int(before[1:]) + 1 == int(after[1:]) for before, after in pairwise(numbers))
