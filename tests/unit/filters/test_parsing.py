"""Which filters can be evaluated, and what is said about the others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.filters import FilterOperator, FilterType, PropertyFilter
from assay.domain.filters.matching import matches, person_properties
from assay.domain.filters.parsing import MAX_BYTES, MAX_FILTERS, MAX_INSTRUCTIONS, Room, parse_filters
from assay.errors import UnsupportedFilter, UserFault

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
GOOD = {"key": "a", "value": 1}


def refusal(raw: object) -> str:
    with pytest.raises(UnsupportedFilter) as refused:
        parse_filters(raw)
    return refused.value.detail


@pytest.mark.parametrize(
    ("fields", "named", "word"),
    [
        ({"key": None}, "key", "text"),
        ({"key": 1}, "key", "text"),
        ({"key": "\ud800"}, "key", "Unicode"),
        ({"type": "cohort"}, "type", "'cohort'"),
        ({"type": "no such type!"}, "type", "this type"),
        ({"type": ["event"]}, "type", "this type"),
        ({"operator": "semver_eq"}, "operator", "not known"),
        ({"operator": {}}, "operator", "not known"),
        ({"operator": "flag_evaluates_to", "value": True}, "operator", "flag"),
        ({"value": None}, "value", "text"),
        ({"value": []}, "value", "empty"),
        ({"value": {"a": 1}}, "value", "text"),
        ({"value": ["a", None]}, "value", "list"),
        ({"value": ["a", ["b"]]}, "value", "list"),
        ({"value": "\udfff"}, "value", "Unicode"),
        ({"value": float("nan")}, "value", "JSON"),
        ({"operator": "in", "value": None}, "value", "text"),
        ({"operator": "icontains", "value": []}, "value", "empty"),
        ({"operator": "regex", "value": "("}, "value", "missing )"),
        ({"operator": "regex", "value": "(?=look)"}, "value", "(?="),
        ({"operator": "regex", "value": "(a)\\1"}, "value", "regular expression"),
        ({"operator": "regex", "value": "(((a{100}){100}){100})"}, "value", "regular expression"),
        ({"operator": "regex", "value": ["a"]}, "value", "text"),
        ({"operator": "regex", "value": 1}, "value", "text"),
        ({"operator": "gt", "value": "many"}, "value", "number"),
        ({"operator": "gt", "value": True}, "value", "number"),
        ({"operator": "gt", "value": [1]}, "value", "number"),
        ({"operator": "gt", "value": 10**400}, "value", "number"),
        ({"operator": "max", "value": "2026-03-29"}, "value", "number"),
        ({"operator": "between", "value": 1}, "value", "two numbers"),
        ({"operator": "between", "value": [1, 2, 3]}, "value", "two numbers"),
        ({"operator": "between", "value": [1, None]}, "value", "number"),
        ({"operator": "not_between", "value": [2, 1]}, "value", "above"),
        ({"operator": "is_date_before", "value": "soon"}, "value", "date"),
        ({"operator": "is_date_before", "value": "2026-02-30"}, "value", "date"),
        ({"operator": "is_date_before", "value": "-10000d"}, "value", "date"),
        ({"operator": "is_date_before", "value": 1_700_000_000}, "value", "date"),
        ({"operator": "is_cleaned_path_exact", "value": ["/a"]}, "value", "text"),
    ],
)
def test_refusals_name_position_field_and_reason(fields: dict[str, Any], named: str, word: str) -> None:
    detail = refusal([GOOD, {**GOOD, **fields}])

    assert detail.startswith(f"Filter 2, {named}: ")
    assert word in detail


@pytest.mark.parametrize("raw", [None, {}, "text", 1, {"type": "AND", "values": []}])
def test_only_lists(raw: object) -> None:
    assert "list" in refusal(raw)


@pytest.mark.parametrize("entry", [None, "text", 1, [], [GOOD]])
def test_only_objects(entry: object) -> None:
    assert refusal([entry]).startswith("Filter 1, filter: ")


def test_lists_are_bounded() -> None:
    assert len(parse_filters([GOOD] * MAX_FILTERS)) == MAX_FILTERS
    assert str(MAX_FILTERS) in refusal([GOOD] * (MAX_FILTERS + 1))
    assert parse_filters([{"key": "a", "value": "x" * (MAX_BYTES - 1)}])
    assert str(MAX_BYTES) in refusal([{"key": "a", "value": ["x" * MAX_BYTES]}])


def test_lists_that_are_used_together_share_their_bounds() -> None:
    room = Room()
    parse_filters([GOOD] * (MAX_FILTERS - 1), room=room)
    with pytest.raises(UnsupportedFilter, match=f"{MAX_FILTERS} property filters altogether"):
        parse_filters([GOOD, GOOD], room=room)
    assert len(parse_filters([GOOD], room=room)) == 1

    room = Room()
    half = [{"key": "a", "value": "x" * (MAX_BYTES // 2 - 1)}]
    parse_filters(half, room=room)
    with pytest.raises(UnsupportedFilter, match=f"{MAX_BYTES} bytes of text altogether"):
        parse_filters([{"key": "a", "value": "x" * (MAX_BYTES // 2)}], room=room)
    assert len(parse_filters(half, room=room)) == 1


def test_what_is_too_large_is_not_compiled() -> None:
    assert "altogether" in refusal([{"key": "a", "operator": "regex", "value": "(" * (MAX_BYTES + 1)}])


def expressions(*patterns: str) -> list[dict[str, Any]]:
    return [{"key": "a", "operator": "regex", "value": pattern} for pattern in patterns]


TOO_LARGE = "too large altogether"
HALF = "a{0,1000}" * 9
"""Almost half of the room for regular expressions."""


@pytest.mark.parametrize(
    "pattern",
    [
        r"^https?://[^/]+/api/v\d+/(users|orgs)/[a-f0-9-]{36}$",
        r"(?i)^[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}$",
        r"(?i)\b(refund|cancel|chargeback)\w*\b.{0,20}\b(order|invoice)\b",
        r"C:\\Programs\\PHP" + r"\\p" * 50,
    ],
)
def test_a_hundred_ordinary_expressions_have_room(pattern: str) -> None:
    assert len(parse_filters(expressions(*[pattern] * MAX_FILTERS))) == MAX_FILTERS


def test_as_many_texts_as_there_is_room_for_need_no_room_for_expressions() -> None:
    texts = [f"word{number:05}" for number in range(3_500)]
    room = Room()
    assert parse_filters([{"key": "a", "operator": "icontains", "value": texts}], room=room)
    assert room.instructions == MAX_INSTRUCTIONS


@pytest.mark.parametrize(
    "patterns",
    [
        (HALF, HALF + "x", HALF + "y"),
        (r"\pL" * 1_000,),
        (r"(?i)[" + r"\PL" * 1_000 + "]",),
        (r"(?i)\P{L}" * 1_000,),
        [r"(?i)\pL{1,3}" + str(number) for number in range(MAX_FILTERS)],
    ],
    ids=["repetitions", "classes", "classes in one", "negated classes", "many"],
)
def test_expressions_are_bounded_together(patterns: Sequence[str]) -> None:
    assert TOO_LARGE in refusal(expressions(*patterns))


def test_an_expression_that_would_take_long_to_compile_is_given_up() -> None:
    assert "pattern too large" in refusal(expressions("a{0,1000}" * 20))


def test_expressions_that_came_to_too_much_end_the_room_for_expressions() -> None:
    """Otherwise every one of a hundred lists could come to too much anew."""
    room = Room()
    parse_filters(expressions(HALF, HALF + "x"), room=room)
    for pattern in (HALF + "y", "a"):
        with pytest.raises(UnsupportedFilter, match=TOO_LARGE):
            parse_filters(expressions(pattern), room=room)
    assert parse_filters([GOOD], room=room)


def test_expressions_that_are_refused_use_up_room_too() -> None:
    room = Room()
    for number in range(MAX_FILTERS):
        with pytest.raises(UnsupportedFilter, match="cannot be used"):
            parse_filters(expressions(rf"\pL{{1000}}{number}"), room=room)
    assert room.instructions < MAX_INSTRUCTIONS * 2 / 3


def test_a_refusal_is_not_retried() -> None:
    assert issubclass(UnsupportedFilter, UserFault)
    assert not UnsupportedFilter.retryable


def test_defaults() -> None:
    [implied] = parse_filters(
        [{"key": "a", "value": "b", "operator": None, "type": None, "label": "ignored"}]
    )
    [explicit] = parse_filters([{"key": "a", "value": "b", "operator": "exact", "type": "event"}])

    assert implied == explicit
    assert PropertyFilter(key="a").operator is FilterOperator.EXACT
    assert PropertyFilter(key="a").type is FilterType.EVENT


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
almost_filters = st.fixed_dictionaries(
    {"key": st.text(max_size=3) | json_values},
    optional={
        "operator": st.sampled_from([operator.value for operator in FilterOperator]) | json_values,
        "value": json_values,
        "type": st.sampled_from(["event", "person", "cohort"]) | json_values,
    },
)


@given(
    raw=json_values | st.lists(almost_filters, max_size=3),
    properties=st.dictionaries(st.text(max_size=3), json_values),
)
def test_any_json_is_compiled_or_refused_and_evaluates(raw: Any, properties: dict[str, Any]) -> None:
    try:
        filters = parse_filters(raw)
    except UnsupportedFilter as refused:
        json.dumps(refused.detail).encode()
        return
    answer = matches(filters, properties, person_properties(properties), now=NOW)
    assert isinstance(answer, bool)
