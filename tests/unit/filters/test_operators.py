"""What each operator means, by example."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assay.domain.filters.matching import matches, person_properties
from assay.domain.filters.parsing import parse_filters

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
MISSING = object()


def accepts(operator: str | None, value: Any, stored: Any) -> bool:
    """Whether a filter holds for an event whose property `p` is `stored`."""
    properties = {} if stored is MISSING else {"p": stored}
    filters = parse_filters([{"key": "p", "operator": operator, "value": value}])
    return matches(filters, properties, {}, now=NOW)


HOLDS: list[tuple[str, Any, Any]] = [
    # exact, in: the same text
    ("exact", "gpt-4", "gpt-4"),
    ("exact", ["gpt-4", "gpt-5"], "gpt-5"),
    ("exact", 1, 1.0),
    ("exact", 1.0, 1),
    ("exact", "1", 1),
    ("exact", 1, "1"),
    ("exact", 0.1, 0.1),
    ("exact", 1e21, 1e21),
    ("exact", 123456789012345680000.0, "123456789012345680000"),
    ("exact", True, True),
    ("exact", "true", True),
    ("exact", ["true"], True),
    ("exact", "", ""),
    ("exact", 2**64 - 1, 2**64 - 1),
    ("exact", '["a",1,null]', ["a", 1.0, None]),
    ("exact", '{"b":1,"a":"x/\\"y\\""}', {"b": 1, "a": 'x/"y"'}),
    ("in", ["a", "b"], "b"),
    ("in", "b", "b"),
    # icontains: a part, whatever the case
    ("icontains", "GPT", "gpt-4o"),
    ("icontains", ["x", "4O"], "gpt-4o"),
    ("icontains", "ÄRGER", "verärgert"),
    ("icontains", "ς", "ΣΊΣΥΦΟΣ"),
    ("icontains", "k", "\N{KELVIN SIGN}"),
    ("icontains", ".5", 1.5),
    ("icontains", "REFUND", [{"role": "user", "content": "refund please"}]),
    ("icontains", "", "anything"),
    # regex: a part, case-sensitive, dot matches line feeds
    ("regex", "^gpt-\\d", "gpt-4"),
    ("regex", "a.b", "a\nb"),
    ("regex", "(?i)GPT", "gpt-4"),
    ("regex", "^12$", 12),
    ("regex", "", ""),
    # numbers
    ("gt", 1, 1.5),
    ("gt", "1", "1.5"),
    ("gt", 1, "1e1"),
    ("gte", 1, 1),
    ("min", 1, 1),
    ("lt", 1, -1),
    ("lte", 1, 1.0),
    ("max", 1, 1),
    ("between", [1, 2], 1),
    ("between", ["1", 2.5], "2.5"),
    # presence
    ("is_set", None, 0),
    ("is_set", None, ""),
    ("is_set", "ignored", False),
    ("is_set", None, {}),
    ("is_set", None, []),
    # dates
    ("is_date_exact", "2026-03-29", "2026-03-29T23:59:59.999999Z"),
    ("is_date_exact", "2026-03-29", "2026-03-30T00:30:00+01:00"),
    ("is_date_exact", "2026-03-29", "2026-03-29"),
    ("is_date_exact", "2026-03-29T10:00:00Z", "2026-03-29 12:00:00+02:00"),
    ("is_date_exact", "-1d", "2026-03-28T23:00:00Z"),
    ("is_date_before", "2026-03-29", "2026-03-28T23:59:59Z"),
    ("is_date_before", "-1w", "2026-03-22T11:59:59Z"),
    ("is_date_after", "2026-03-29", "2026-03-30"),
    ("is_date_after", "2026-03-29T10:00:00", "2026-03-29T10:00:00.000001Z"),
    ("is_date_after", "-24h", "2026-03-28T12:00:01Z"),
    ("is_date_after", "24h", "2026-03-28T12:00:01Z"),
    ("is_date_after", "-1m", "2026-02-28T12:00:01Z"),  # no 29 February in 2026
    ("is_date_after", "-2y", "2024-03-29T12:00:01Z"),
    ("is_date_after", "-9999y", "1901-01-01"),
    # paths
    ("is_cleaned_path_exact", "/chat", "https://app.example.com/chat/?q=1#top"),
    ("is_cleaned_path_exact", "https://other.example.com/chat//", "/chat"),
    ("is_cleaned_path_exact", "/", "https://app.example.com"),
    ("is_cleaned_path_exact", "/", ""),
    ("is_cleaned_path_exact", "/a/b", "//host/a/b?c/d"),
]

FAILS: list[tuple[str, Any, Any]] = [
    ("exact", "gpt-4", "GPT-4"),
    ("exact", "gpt-4", "gpt-4 "),
    ("exact", "1.0", 1.0),
    ("exact", "a", ["a"]),
    ("exact", "None", None),
    ("exact", "null", None),
    ("exact", True, 1),
    ("icontains", "a", None),
    ("icontains", "ss", "ß"),
    ("icontains", ".", "a"),
    ("regex", "^a$", "a\nb"),
    ("regex", "A", "a"),
    ("gt", 1, 1),
    ("gt", 1, "two"),
    ("gt", 0, True),
    ("gt", 0, [1]),
    ("gt", 0, "1e999"),
    ("gt", 0, "inf"),
    ("gt", 0, " 1"),
    ("gt", 0, "1_0"),
    ("lt", 9, "١"),
    ("between", [1, 2], 2.0000001),
    ("is_set", None, None),
    ("is_date_exact", "2026-03-29", "2026-03-29T00:30:00+01:00"),
    ("is_date_exact", "2026-03-29T10:00:00Z", "2026-03-29T10:00:01Z"),
    ("is_date_before", "2026-03-29", "2026-03-29"),
    ("is_date_before", "2026-03-29", "2026-02-30"),
    ("is_date_before", "2026-03-29", 1_700_000_000),
    ("is_date_before", "2026-03-29", "1899-01-01"),
    ("is_date_after", "2026-03-29", "2026-03-29T23:59:59Z"),
    ("is_date_after", "2026-03-29", "2026-04-01T24:00:00Z"),
    ("is_cleaned_path_exact", "/chat", "/Chat"),
    ("is_cleaned_path_exact", "/chat", "/chat/1"),
    ("is_cleaned_path_exact", "/a", "http://h//a"),
]

NEGATIONS = {
    "exact": "is_not",
    "icontains": "not_icontains",
    "regex": "not_regex",
    "is_set": "is_not_set",
    "between": "not_between",
    "in": "not_in",
}
VALUES = {"between": [1, 2], "is_date_exact": "-1d", "is_date_before": "-1d", "is_date_after": "-1d"}
POSITIVE = sorted({operator for operator, _, _ in HOLDS})


@pytest.mark.parametrize(("operator", "value", "stored"), HOLDS)
def test_holds(operator: str, value: Any, stored: Any) -> None:
    assert accepts(operator, value, stored)


@pytest.mark.parametrize(("operator", "value", "stored"), FAILS)
def test_fails(operator: str, value: Any, stored: Any) -> None:
    assert not accepts(operator, value, stored)


@pytest.mark.parametrize(
    ("operator", "value", "stored"), [case for case in HOLDS + FAILS if case[0] in NEGATIONS]
)
def test_negations_are_the_opposite(operator: str, value: Any, stored: Any) -> None:
    assert accepts(NEGATIONS[operator], value, stored) is not accepts(operator, value, stored)


@pytest.mark.parametrize("absent", [MISSING, None, float("nan")], ids=["missing", "null", "nan"])
@pytest.mark.parametrize("operator", POSITIVE)
def test_nothing_holds_for_a_missing_property_but_negations(operator: str, absent: Any) -> None:
    value = VALUES.get(operator, "1")
    assert not accepts(operator, value, absent)
    if operator in NEGATIONS:
        assert accepts(NEGATIONS[operator], value, absent)


@pytest.mark.parametrize("stored", ["a", "b"])
def test_no_operator_means_exact(stored: str) -> None:
    assert accepts(None, "a", stored) is (stored == "a")


def test_all_filters_must_hold() -> None:
    filters = parse_filters([{"key": "a", "value": 1}, {"key": "b", "value": 2, "operator": "gt"}])

    assert matches(filters, {"a": 1, "b": 3}, {}, now=NOW)
    assert not matches(filters, {"a": 1, "b": 2}, {}, now=NOW)
    assert not matches(filters, {"a": 2, "b": 3}, {}, now=NOW)


def test_no_filters_hold_for_everything() -> None:
    assert matches(parse_filters([]), {}, {}, now=NOW)


def test_keys_are_literal() -> None:
    filters = parse_filters([{"key": "a.b", "value": 1}])

    assert matches(filters, {"a.b": 1}, {}, now=NOW)
    assert not matches(filters, {"a": {"b": 1}}, {}, now=NOW)


def test_event_and_person_properties_are_apart() -> None:
    event_filter = parse_filters([{"key": "plan", "value": "pro", "type": "event"}])
    person_filter = parse_filters([{"key": "plan", "value": "pro", "type": "person"}])

    assert matches(event_filter, {"plan": "pro"}, {"plan": "free"}, now=NOW)
    assert not matches(person_filter, {"plan": "pro"}, {"plan": "free"}, now=NOW)
    assert matches(person_filter, {}, {"plan": "pro"}, now=NOW)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, {}),
        ({"$set": {"a": 1}, "$set_once": {"a": 2, "b": 3}}, {"a": 1, "b": 3}),
        ({"$set": {"a": None}, "$set_once": {"a": 2}}, {"a": 2}),
        ({"$set": {"a": ""}, "$set_once": {"a": 2}}, {"a": ""}),
        ({"$set": {"a": {}}, "$set_once": {"a": 2}}, {"a": {}}),
        ({"$set": "text", "$set_once": ["list"]}, {}),
    ],
    ids=["none", "set wins", "null says nothing", "empty text", "empty object", "no objects"],
)
def test_person_properties(properties: dict[str, Any], expected: dict[str, Any]) -> None:
    assert person_properties(properties) == expected


def test_relative_dates_move_with_now() -> None:
    filters = parse_filters([{"key": "p", "operator": "is_date_after", "value": "-7d"}])
    properties = {"p": "2026-03-25"}

    assert matches(filters, properties, {}, now=NOW)
    assert not matches(filters, properties, {}, now=NOW.replace(month=4, day=2))
