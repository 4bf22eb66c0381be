"""Which events the conditions of an evaluation admit, and by which set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assay.domain.conditions import CompiledConditions, ConditionMatch, MatchOutcome, matching_condition
from assay.domain.filters.parsing import MAX_FILTERS

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
KEY = "497f6eca-6276-4993-bfeb-53cbbbba6f08"
"""Lies in bucket 73.37."""

FILTERED = ConditionMatch(MatchOutcome.FILTERED)


def is_(key: str, value: Any, **fields: Any) -> dict[str, Any]:
    """A filter."""
    return {"key": key, "value": value, **fields}


def condition(name: str, *filters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A set of filters."""
    return {"id": name, "rollout_percentage": 100, "properties": list(filters), **fields}


def look(conditions: list[dict[str, Any]], properties: dict[str, Any], key: str = KEY) -> ConditionMatch:
    return CompiledConditions(conditions).match(key, properties, now=NOW)


def matched(name: str) -> ConditionMatch:
    return ConditionMatch(MatchOutcome.MATCHED, name)


def test_no_conditions_admit_nothing() -> None:
    assert look([], {}) == ConditionMatch(MatchOutcome.NO_CONDITIONS)


def test_a_set_without_filters_admits_everything() -> None:
    assert look([condition("all")], {}) == matched("all")
    assert look([{"id": "all"}], {}) == matched("all")


def test_all_filters_of_a_set_must_hold() -> None:
    conditions = [condition("both", is_("a", 1), is_("b", 2))]

    assert look(conditions, {"a": 1, "b": "2"}) == matched("both")
    assert look(conditions, {"a": 1}) == FILTERED
    assert look(conditions, {"b": 2}) == FILTERED


def test_the_first_set_that_admits_decides() -> None:
    conditions = [condition("a", is_("a", 1)), condition("b", is_("b", 1)), condition("rest")]

    assert look(conditions, {"a": 1, "b": 1}) == matched("a")
    assert look(conditions, {"b": 1}) == matched("b")
    assert look(conditions, {}) == matched("rest")
    assert look(conditions[:2], {}) == FILTERED


def test_an_event_outside_the_sample_of_a_set_may_be_in_that_of_the_next() -> None:
    sampled = condition("sampled", is_("a", 1), rollout_percentage=73.37)

    assert look([sampled], {"a": 1}) == FILTERED
    assert look([sampled | {"rollout_percentage": 73.38}], {"a": 1}) == matched("sampled")
    assert look([sampled, condition("rest", is_("a", 1))], {"a": 1}) == matched("rest")
    assert look([condition("none", rollout_percentage=0)], {}) == FILTERED


@pytest.mark.parametrize("fields", [{}, {"rollout_percentage": None}], ids=["missing", "null"])
def test_a_set_without_a_percentage_samples_everything(fields: dict[str, Any]) -> None:
    assert look([{"id": "a", "properties": [], **fields}], {}) == matched("a")


@pytest.mark.parametrize(
    "properties",
    [
        [{"key": "id", "type": "cohort", "value": 5}],
        [{"key": "a", "operator": "regex", "value": "("}],
        [is_("a", 1), {"key": "a", "operator": "is_not", "value": None}],
        None,
        "text",
        [None],
    ],
    ids=["cohort", "pattern", "no value", "null", "no list", "no object"],
)
def test_a_set_that_cannot_be_evaluated_admits_nothing(properties: Any) -> None:
    broken = condition("broken") | {"properties": properties}

    assert look([broken], {"a": 1}) == FILTERED
    assert look([broken, condition("rest")], {"a": 1}) == matched("rest")


def test_all_sets_share_the_room_of_one_list() -> None:
    large = condition("large", *[is_("a", 1)] * MAX_FILTERS)
    small = condition("small", is_("b", 1))

    assert look([large, small], {"a": 1}) == matched("large")
    assert look([large, small], {"b": 1}) == FILTERED
    assert look([small, large], {"a": 1}) == FILTERED
    assert look([small, large], {"b": 1}) == matched("small")
    too_large = condition("too large", *[is_("a", 1)] * (MAX_FILTERS + 1))
    assert look([too_large, small], {"b": 1}) == matched("small")


def test_the_person_behind_an_event() -> None:
    conditions = [condition("pro", is_("plan", "pro", type="person"))]

    assert look(conditions, {"$set": {"plan": "pro"}}) == matched("pro")
    assert look(conditions, {"$set_once": {"plan": "pro"}}) == matched("pro")
    assert look(conditions, {"plan": "pro"}) == FILTERED


def test_relative_dates_count_from_the_moment_of_looking() -> None:
    compiled = CompiledConditions([condition("recent", is_("at", "-7d", operator="is_date_after"))])
    properties = {"at": "2026-03-25T00:00:00Z"}

    assert compiled.match(KEY, properties, now=NOW) == matched("recent")
    assert compiled.match(KEY, properties, now=NOW.replace(month=4, day=2)) == FILTERED


def test_the_stored_program_has_no_say() -> None:
    stored = condition("a", is_("a", 1), bytecode=None, bytecode_error="An earlier version could not do it.")

    assert look([stored], {"a": 1}) == matched("a")


def test_in_one_call() -> None:
    conditions = [condition("a", is_("a", 1), rollout_percentage=50), condition("b", is_("b", 1))]

    assert matching_condition(conditions, KEY, {"a": 1, "b": 1}, now=NOW) == "b"
    assert matching_condition(conditions, KEY, {"a": 1}, now=NOW) is None
    assert matching_condition([], KEY, {}, now=NOW) is None
