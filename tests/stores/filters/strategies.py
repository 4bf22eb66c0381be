"""Hostile events and filters that have something to do with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import re2
from hypothesis import strategies as st

from assay.adapters.clickhouse.properties import LONG_VALUES
from assay.contracts.filters import FilterOperator, FilterType
from assay.domain.filters.canonical import text_of
from assay.domain.filters.matching import person_properties
from assay.domain.filters.numbers import number_of

KEYS = [
    "a",
    "b",
    "$ai_model",
    "a.b",
    "a%2Eb",
    "^a",
    "a[]",
    "a.:Int64",
    "",
    "`",
    "'",
    '"',
    "\\",
    "\x00",
    "\n",
    "💥",
    "{x:String}",
    "$set",
    "$set_once",
    "properties_text",
    *LONG_VALUES,
]
TEXTS = [
    "",
    "a",
    "A",
    "a.b",
    "GPT-4o",
    "gpt-4O",
    "straße",
    "strae",
    "STRASSE",
    "ẞ",
    "İ",
    "i̇",
    "ı",
    "K",
    "k",
    "ſ",
    "ς",
    "Σ",
    "ǅ",
    "ﬁ",
    "\x00",
    "a\nb",
    "\u2028",
    "'; DROP TABLE events; --",
    "\\N",
    "NULL",
    "null",
    "true",
    "0",
    "-0",
    "1",
    "1.0",
    "1.",
    ".5",
    "+1",
    "1e3",
    "1e999",
    "1_000",
    " 1",
    "١",
    "0x10",
    "0x1p3",
    ".",
    "-",
    "1e",
    "1e+",
    "1.e5",
    "--1",
    "1,5",
    "1f",
    "1 ",
    "infinity",
    "inf",
    "nan",
    "9007199254740993",
    "18446744073709551616",
    "[]",
    "{}",
    "[1]",
    '{"a":1}',
    "/",
    "//",
    "/chat/",
    "/chat?q=1",
    "/chat//#x",
    "https://app.example.com/chat",
    "HTTPS://app.example.com",
    "//host/chat/?",
    "mailto:chat",
    "http://h//a",
    "/ch\nat/?",
]
DATES = [
    "2026-03-29",
    "2026-03-30",
    "2026-03-29T00:00:00.000001Z",
    "2026-02-30",
    "2024-02-29",
    "1900-12-31",
    "1901-01-01",
    "2298-12-31T23:59:59.999999-14:00",
    "2299-01-01",
    "2026-03-29T00:00",
    "2026-03-29 12:30",
    "2026-03-29T23:59:59.999999Z",
    "2026-03-29T23:59:59.9999999Z",
    "2026-03-30T00:30:00+01:00",
    "2026-03-29T24:00:00Z",
    "2026-03-29T12:00:00 Z",
    "2026-03-29t12:00:00z",
    "2026-3-29",
    "20260329",
    "1774742400",
    "-1d",
    "7d",
    "-2w",
    "-1m",
    "-3y",
    "-9999y",
    "-5h",
    "-1x",
]
PATTERNS = [
    "",
    "a",
    "^a$",
    "a.b",
    "(?i)straße",
    "(?i)K",
    "(?s)a.b",
    "(?-s)a.b",
    "a|b",
    "^$",
    "[[:upper:]]",
    "\\d+",
    "\\w\\W",
    "\\pL",
    "\\C",
    "\\x00",
    "\x00",
    "(a)(b)?",
    "(?P<n>a)",
    "\\bchat\\b",
    "chat.*q",
    "^\\[",
    '"k":',
    "'",
    "\\\\",
    "a{2}",
    "[^a]",
    "(?m)^b$",
    "a*",
    "(?i:GPT)-4o?",
    "straß?e",
    "^straß{0,1}",
    "(?i)STRAß*",
]

NUMBERS: list[int | float] = [
    *range(-2, 3),
    *(2**53 + 1, 2**63, -(2**63), 2**64 - 1, 2**64, 10**21, -(10**25)),
    *(
        0.1,
        1.0,
        -0.0,
        1.5,
        1e21,
        1e20,
        1.2345678901234567e20,
        1e16,
        1e-4,
        1e-6,
        1e-7,
        5e-324,
        1.7976931348623157e308,
    ),
]
CONTAINERS: list[Any] = [
    [],
    {},
    [1, 1.0, 2**64, 1e-7, None, True, ["a/b"]],
    {"a": 1},
    {"k": {"": None, "a.b": '\u2028\x7f\x1f\b\f"\\/é💥'}},
    [{"role": "user", "content": "STRASSE\nline 2"}],
]
numbers = (
    st.sampled_from(NUMBERS)
    | st.integers(-(2**63) - 2, 2**64 + 2)
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.sampled_from(TEXTS + DATES) | st.text(st.characters(codec="utf-8"), max_size=6)
scalars = st.none() | st.booleans() | numbers | texts | numbers.map(str)
keys = st.sampled_from(KEYS) | st.text(st.characters(codec="utf-8"), max_size=4)
values = scalars | st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(keys, values, max_size=5)
properties = st.builds(
    lambda own, person: own | person,
    objects,
    st.fixed_dictionaries({}, optional={"$set": objects | scalars, "$set_once": objects | scalars}),
)

LETTERS = [
    "a",
    "bc",
    "k",
    "S",
    "é",
    "É",
    "ß",
    "ſ",
    "K",
    "ы",
    "码",
    "💥",
    "caf",
    "цвет",
    "错误",
    " ",
    "-",
    "\n",
    "\x00",
    '"',
]
_ATOMS = st.sampled_from(LETTERS) | st.sampled_from(
    [
        "\\.",
        "\\?",
        "\\x41",
        "\\x{e9}",
        ".",
        "\\d",
        "\\W",
        "\\pL",
        "[éa]",
        "[^é]",
        "[]a]",
        "[é?(|]",
        "\\Qé?(\\E",
        "\\C",
        *("^", "$", "\\b", "\\A", "(?m)^", "(?i)", "(?-s)", "(?U)", "(?-i)"),
    ]
)
_QUANTIFIERS = st.sampled_from(["", "", "?", "*", "+", "{0}", "{0,1}", "{0,}", "{2}", "??", "*?", "{,2}"])
regular_expressions = st.recursive(
    _ATOMS,
    lambda inner: (
        st.lists(st.tuples(inner, _QUANTIFIERS).map("".join), min_size=1, max_size=4).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map("|".join)
        | st.tuples(st.sampled_from(["(", "(?:", "(?i:", "(?P<n>"]), inner, st.just(")"), _QUANTIFIERS).map(
            "".join
        )
    ),
    max_leaves=8,
)
"""Regular expressions, most of which RE2 accepts."""


@dataclass(frozen=True)
class Known:
    """A property that occurs in the events of an example."""

    type: FilterType
    key: str
    text: str


def known_in(batch: list[dict[str, Any]]) -> list[Known]:
    """The properties that these events and their persons have."""
    return [
        Known(type_, key, text)
        for sent in batch
        for type_, source in ((FilterType.EVENT, sent), (FilterType.PERSON, person_properties(sent)))
        for key, value in source.items()
        if (text := text_of(value)) is not None
    ]


def values_near(operator: FilterOperator, text: str) -> st.SearchStrategy[Any]:
    """Values that an operator may well accept for a property of this text."""
    bounds = numbers | (st.just(text) if number_of(text) is not None else st.nothing())
    part = st.sampled_from([text[1:4].swapcase(), text.upper()]) | texts
    date = st.sampled_from([*DATES, text, text[:10]])
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "between": st.lists(bounds, min_size=2, max_size=2).map(lambda pair: sorted(pair, key=float)),
        "regex": st.sampled_from(PATTERNS) | regular_expressions | st.just(f"^{re2.escape(text)}$") | texts,
        "icontains": part | st.lists(part, min_size=1, max_size=3),
        "is_cleaned_path_exact": st.just(text) | texts,
        **dict.fromkeys(("is_date_exact", "is_date_before", "is_date_after"), date),
        **dict.fromkeys(("gt", "gte", "lt", "lte", "min", "max"), bounds | numbers.map(str)),
    }
    scalar = st.just(text) | st.booleans() | numbers | texts
    return kinds.get(operator.value.removeprefix("not_"), scalar | st.lists(scalar, min_size=1, max_size=4))


@st.composite
def filters(draw: st.DrawFn, known: list[Known]) -> dict[str, Any]:
    """A filter, mostly on a property that occurs; not every one can be evaluated."""
    operator = draw(st.sampled_from(list(FilterOperator)))
    anything = st.builds(Known, st.sampled_from(FilterType), keys, texts)
    target = draw(st.sampled_from(known) | anything if known else anything)
    return {
        "key": target.key,
        "operator": operator.value,
        "value": draw(values_near(operator, target.text)),
        "type": target.type.value,
    }


@st.composite
def examples(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The properties of some events, and some filters."""
    batch = draw(st.lists(properties, min_size=1, max_size=6))
    return batch, draw(st.lists(filters(known_in(batch)), min_size=1, max_size=25))
