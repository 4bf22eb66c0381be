"""Columns that SQL filters on: right for right values, harmless for all others."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.stores.events.support import Backend, event
from tests.stores.events.test_fidelity import values

TEXT_COLUMNS = {
    "trace_id": "$ai_trace_id",
    "session_id": "$ai_session_id",
    "parent_id": "$ai_parent_id",
    "evaluation_id": "$ai_evaluation_id",
    "target_id": "$ai_target_event_id",
    "model": "$ai_model",
}
BOOLEAN_COLUMNS = {"result": "$ai_evaluation_result", "applicable": "$ai_evaluation_applicable"}
NUMBER_COLUMNS = {"cost": "$ai_total_cost_usd", "latency": "$ai_latency"}
ALL_COLUMNS = TEXT_COLUMNS | BOOLEAN_COLUMNS | NUMBER_COLUMNS


def stored(backend: Backend, project: int, column: str, value: Any) -> Any:
    """What the column holds for an event whose property has this value."""
    sent = event(project, {ALL_COLUMNS[column]: value})
    backend.store.insert([sent])
    [row] = backend.select(column, project)
    return row[column]


@pytest.mark.parametrize("column", TEXT_COLUMNS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [("x", "x"), ("", ""), (7, "7"), (2**127, str(2**127)), (True, "true"), (None, ""), ({"a": 1}, "")],
)
def test_text(embedded: Backend, project: int, column: str, value: Any, expected: str) -> None:
    assert stored(embedded, project, column, value) == expected


@pytest.mark.parametrize("column", BOOLEAN_COLUMNS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("true", True), ("false", False)]
    + [(other, None) for other in (None, 1, 0, 0.5, "yes", "", [True], {"a": True})],
)
def test_booleans(embedded: Backend, project: int, column: str, value: Any, expected: bool | None) -> None:
    assert stored(embedded, project, column, value) is expected


@pytest.mark.parametrize("column", NUMBER_COLUMNS)
@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.5, 1.5), (2, 2.0), (0, 0.0), ("0.25", 0.25), (-1e-9, -1e-9), (2**64, 2.0**64)]
    + [(other, None) for other in (None, "", "free", "nan", "inf", "1e999", True, [1], {"a": 1})],
)
def test_numbers(embedded: Backend, project: int, column: str, value: Any, expected: float | None) -> None:
    assert stored(embedded, project, column, value) == expected


def test_the_session_may_have_its_general_name(embedded: Backend, project: int) -> None:
    embedded.store.insert([event(project, {"$session_id": "general"})])
    embedded.store.insert([event(project, {"$session_id": "general", "$ai_session_id": "own"})])

    assert {row["session_id"] for row in embedded.select("session_id", project)} == {"general", "own"}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values)
def test_no_value_fails_an_insert(embedded: Backend, project: int, value: Any) -> None:
    sent = event(project, dict.fromkeys([*ALL_COLUMNS.values(), "$session_id"], value))
    embedded.store.insert([sent])

    for row in embedded.select("cost, latency", project):
        assert all(number is None or math.isfinite(number) for number in row.values())
