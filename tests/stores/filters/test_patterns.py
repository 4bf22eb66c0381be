"""`match` finds what RE2 finds, although it guesses before it looks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.clickhouse.patterns import pattern_for_match
from assay.domain.filters.patterns import Pattern, any_of_ignoring_case
from tests.stores.events.support import Backend
from tests.stores.filters.strategies import LETTERS, regular_expressions
from tests.stores.filters.test_agreement import RELAXED

MISJUDGED = [
    ("café?", "caf"),
    ("café*", "caf"),
    ("café{0}", "caf"),
    ("café{0,1}", "caf"),
    ("café??", "caf"),
    ("^café?$", "caf"),
    ("цветы?", "цвет"),
    ("错误码?", "错误"),
    ("Straß?", "Stra"),
    ("naïï?ve", "naïve"),
    ("(café?)+", "caf"),
    ("(?:x|y)café?", "xcaf"),
    ("(?s)café?", "caf"),
    ("\\.caf💥?", ".caf"),
]
"""Patterns of which ClickHouse would demand too much, and texts in which they are to be found."""

HASTENED = ["refund", "^gpt-4\\.1", "errors?$", "a.*b", "возврат", "\\d+ tokens", "(?i)(?:refund)"]
"""Patterns of which ClickHouse demands the right part."""

ODD = [
    "abc\x00d?",
    "\x00é?",
    "\\Q",
    "\\Qcafé?",
    "\\Qcaf(\\Eé?",
    "café?|x",
    "x|café?",
    "(?i)café?",
    "(?i)(café)?x",
    "(?-i)café?",
    "café?(?i)x",
    "(?m)^café?$",
    "[é?]caf",
    "caf[é]?",
    "caf(é)?",
    "caf(?:é)?",
    "café{,1}",
]
"""Patterns that are easily misread, or that text before or after them may change."""

_OPTIONAL = re.compile(r".(?:[*?]|\{0[^}]*\})\??", re.DOTALL)
_SYNTAX = re.compile(r"[][*?+(){}^$|\\]")


def found_in_sql(backend: Backend, patterns: list[str], texts: list[str]) -> list[list[bool]]:
    """For each pattern, in which texts `match` finds it; each is a constant, as in a condition."""
    columns = [f"arrayMap(text -> match(text, {{p{n}:String}}), texts)" for n in range(len(patterns))]
    [row] = backend.connection.query(
        f"SELECT materialize({{texts:Array(String)}}) AS texts, [{', '.join(columns)}] AS found",
        texts=texts,
        **{f"p{n}": pattern_for_match(pattern) for n, pattern in enumerate(patterns)},
    )
    return [[bool(one) for one in found] for found in row["found"]]


def disagreements(backend: Backend, patterns: list[str], texts: list[str]) -> list[tuple[str, str]]:
    """Patterns, and texts in which only one of the two finds them."""
    found = found_in_sql(backend, patterns, texts)
    return [
        (pattern, text)
        for pattern, answers in zip(patterns, found, strict=True)
        for text, answer in zip(texts, answers, strict=True)
        if Pattern(pattern).found_in(text) is not answer
    ]


def usable(pattern: str) -> bool:
    """Whether a filter may hold the pattern."""
    try:
        Pattern(pattern)
    except ValueError:
        return False
    return True


def near(pattern: str) -> list[str]:
    """Texts that a pattern may be found in: itself, and itself without what may be missing."""
    return [_SYNTAX.sub("", pattern), _SYNTAX.sub("", _OPTIONAL.sub("", pattern))]


@pytest.mark.parametrize(("pattern", "text"), MISJUDGED)
def test_a_quantified_character_of_several_bytes_may_be_missing(
    embedded: Backend, pattern: str, text: str
) -> None:
    assert found_in_sql(embedded, [pattern], [text, "nothing of it"]) == [[True, False]]


@pytest.mark.parametrize("pattern", HASTENED)
def test_ordinary_patterns_keep_the_fast_path(pattern: str) -> None:
    assert pattern_for_match(pattern) == pattern


def test_odd_patterns(embedded: Backend) -> None:
    patterns = [pattern for pattern, _ in MISJUDGED] + HASTENED + ODD
    texts = [text for pattern in patterns for text in near(pattern)] + [
        "",
        "x",
        "CAF",
        "CAFÉ",
        "caf\n",
        "Q\x00",
    ]
    assert disagreements(embedded, patterns, texts) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "é?" * 10_900,
        "\\pL" * 55,
        "(" * 900 + "é?" + ")" * 900,
        "(?:é?\\pL){55}",
        "|".join(f"é{n}?" for n in range(4_000)),
    ],
    ids=["long", "classes", "nested", "repeated", "alternatives"],
)
def test_what_parsing_accepts_is_not_too_large_for_the_engine(embedded: Backend, pattern: str) -> None:
    assert usable(pattern)
    assert disagreements(embedded, [pattern], ["é", "x", ""]) == []


@RELAXED
@given(
    st.lists(regular_expressions.filter(usable), min_size=1, max_size=20),
    st.lists(st.lists(st.sampled_from(LETTERS), max_size=5).map("".join), min_size=1, max_size=10),
)
def test_any_pattern(embedded: Backend, patterns: list[str], texts: list[str]) -> None:
    sought = [any_of_ignoring_case([text]).text for text in texts] + [any_of_ignoring_case(texts).text]
    likely = [text for pattern in patterns for text in near(pattern)]
    assert disagreements(embedded, patterns + sought, texts + likely) == []
