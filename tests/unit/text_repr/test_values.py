"""JSON values and literals as Python writes and reads them, without its limits."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.text_repr.literals import parse_literal
from assay.domain.text_repr.values import compact, number_text, pretty, pretty_shortened, python_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
)
LITERALS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.tuples(inner)
        | st.just(())
        | st.dictionaries(st.text() | st.integers() | st.none(), inner, max_size=4)
    ),
)


def nested(levels: int, kind: str = "list") -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value] if kind == "list" else {"a": value}
    return value


@given(JSON)
def test_values_are_written_as_python_writes_them(value: Any) -> None:
    assert pretty(value) == json.dumps(value, indent=2)
    assert compact(value) == json.dumps(value)
    assert python_text(value) == str(value)
    assert pretty_shortened(value, 10**6) == json.dumps(value, indent=2)


@pytest.mark.parametrize(
    "value",
    [
        [1e16, 1e15, 1e-5, 1.234e-5, 1e-4, 1e-9, 5e-324, 1.5e300, -0.0],
        {"a": 1e-7},
        [float("inf"), float("-inf"), float("nan"), None],
        [2**64, -(2**63), 2**63],
        ["\x7f\x00é\u2028/😀\ud800", "e-7", "0.0000"],
        {"ключ\x7f": {}, "a": [], "b": [[], {}]},
        {2: "a", None: "b", True: "c", 1.5: "d", float("inf"): "e"},
        (1, (), ("a",)),
    ],
    ids=str,
)
def test_values_that_serialisers_disagree_about(value: Any) -> None:
    assert pretty(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("kind", ["list", "object"])
@pytest.mark.parametrize("levels", [100, 200, 254])
def test_deep_values_are_indented(kind: str, levels: int) -> None:
    assert pretty(nested(levels, kind)) == json.dumps(nested(levels, kind), indent=2)


@pytest.mark.parametrize("kind", ["list", "object"])
def test_no_depth_is_too_much(kind: str) -> None:
    value = nested(100_000, kind)
    start, end = ("[", "]") if kind == "list" else ('{"a": ', "}")
    assert compact(value) == start * 100_000 + '"x"' + end * 100_000
    assert python_text(value) == start.replace('"', "'") * 100_000 + "'x'" + end * 100_000
    assert "".join(line.strip() for line in pretty(value).split("\n")) == compact(value)


@pytest.mark.parametrize("value", [{1}, b"x", {(1, 2): 3}, [object()]])
def test_what_is_no_json_is_refused(value: Any) -> None:
    for write in (pretty, compact):
        with pytest.raises(TypeError):
            write(value)


def test_long_strings_can_be_left_out() -> None:
    assert pretty_shortened({"a": "x" * 11, "b": ["y" * 10]}, 10) == json.dumps(
        {"a": "[11 chars not shown]", "b": ["y" * 10]}, indent=2
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1, "1.00"),
        (2.675, "2.67"),
        (0.125, "0.12"),
        (True, "1.00"),
        ("1", "1"),
        (None, "None"),
        (10**400, str(10**400)),
    ],
)
def test_numbers(value: Any, shown: str) -> None:
    assert number_text(value, 2) == shown


@given(LITERALS)
def test_what_repr_writes_is_read(value: Any) -> None:
    for found in ([value], {"a": value}):
        assert parse_literal(repr(found)) == found


def by_python(text: str) -> Any:
    """What `ast.literal_eval` makes of a text, if it is a dict or list that can be written as JSON."""
    try:
        with warnings.catch_warnings(action="ignore"):
            found = ast.literal_eval(text)
        json.dumps(found)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, dict | list) else None


def by_us(text: str) -> Any:
    found = parse_literal(text)
    try:
        json.dumps(found)
    except TypeError:
        return None
    return found


TOKENS = st.sampled_from(
    [
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        ",",
        ":",
        "'a'",
        '"b"',
        "1",
        "2.5",
        "-3",
        "True",
        "None",
        "true",
        "null",
        "1e5",
        ".5",
        "5.",
        "007",
        "0",
        "'it\\'s'",
        '"\\x41"',
        "'\\q'",
        "\\",
        "'",
        '"',
        "a",
    ]
)


@given(st.lists(TOKENS, max_size=12).map(" ".join), st.sampled_from(["[]", "{}", "  "]))
def test_literals_are_read_as_python_reads_them(middle: str, brackets: str) -> None:
    text = f"{brackets[0]}{middle}{brackets[1]}"
    expected, found = by_python(text), by_us(text)
    if found is None and expected is not None:
        assert re.search(r"""['"] *['"]""", text)  # adjacent strings, which nobody's repr writes
    else:
        assert json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [2.5, -3], "c": "\\n\\u00e9\\ud83d\\ude00"}',
        "{'a': 'it\\'s', \"b\": \"it's\", 'c': '\\x41\\101\\N{BULLET}\\q\\/'}",
        "  \n{'a':\n1,}\n",
        "[(1), (1,), (), ((2, 3), [])]",
        "{'true': 'null', 'a': 'false'}",
        '["a/b", "a\\/b"]',
        "[+1, -2, 1., .5, 1e3, 0, 00]",
        "{}",
        "[]",
        "{'a': {1: 2}}",
    ],
)
def test_literals(text: str) -> None:
    expected = by_python(text)
    assert expected is not None
    assert json.dumps(by_us(text)) == json.dumps(expected)


@pytest.mark.parametrize(
    "text",
    [
        *('{"a": true}', '{"a": null}', "[NaN]", "[-Infinity]", "{1, 2}", "{'a'}", "{'a': }", "[1 2]", "[,]"),
        *(
            "[1]]",
            "[1",
            "{'a' 1}",
            "{'a': 1 'b': 2}",
            "{[1]: 2}",
            "['a\nb']",
            "[01]",
            "[a]",
            "['\\x4']",
            "['\\N{NO}']",
        ),
        *("[1] + [2]", "[__import__('os')]", "[1]\0[2]", "(1, 2)", "'a'", "", "[b'a']", "[1j]"),
    ],
)
def test_texts_that_are_no_literals(text: str) -> None:
    assert by_python(text) is None
    assert by_us(text) is None


@pytest.mark.parametrize("levels", [199, 200])
def test_literals_may_be_two_hundred_levels_deep(levels: int) -> None:
    assert parse_literal("[" * levels + "'x'" + "]" * levels) == nested(levels)
    assert parse_literal("[(" * (levels // 2) + "'x'" + ",)]" * (levels // 2)) is not None


@pytest.mark.parametrize(
    "text", ["[" * 201 + "]" * 201, "[" * 10**5 + "]" * 10**5, "[(" * 10**5 + ")]" * 10**5]
)
def test_deeper_ones_are_texts(text: str) -> None:
    assert parse_literal(text) is None


def test_a_dump_that_would_be_mostly_indentation_is_written_on_one_line() -> None:
    value: Any = [1] * 500_000
    for _ in range(150):
        value = [value]

    assert pretty(value) == json.dumps(value)


def test_brackets_in_strings_do_not_count_as_levels() -> None:
    value = {"text": '[{"' * 300_000 + "," * 300_000, "numbers": [1, 2]}

    assert pretty(value) == json.dumps(value, indent=2)
