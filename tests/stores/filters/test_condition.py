"""The SQL of a condition: what it holds, and that nothing in a filter can change what it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from assay.adapters.clickhouse.filters import filter_condition
from assay.contracts.filters import FilterOperator
from assay.domain.filters.parsing import parse_filters
from assay.errors import UnsupportedFilter
from tests.stores.events.support import Backend, event

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
HOSTILE = [
    "' OR 1=1 --",
    "'; DROP TABLE events; --",
    "\\'; DROP TABLE events; --",
    "x') OR (1=1",
    "` OR 1=1",
    "{project:UInt64}",
    "{filter_0:String}",
    "%(project)s",
    "$1",
    "?",
    "a\x00b",
    "\\",
    "\\N",
    "\t\n\r",
    "💥",
]


def accepted(backend: Backend, project: int, raw: list[dict[str, Any]]) -> list[str]:
    """Distinct ids of the events that pass, in order."""
    sql, parameters = filter_condition(parse_filters(raw), now=NOW)
    rows = backend.connection.query(
        f"SELECT distinct_id FROM events FINAL WHERE project_id = {{project:UInt64}} AND {sql} ORDER BY distinct_id",
        project=project,
        **parameters,
    )
    return [row["distinct_id"] for row in rows]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_metacharacters_are_text(backend: Backend, new_project: Callable[[], int], text: str) -> None:
    project = new_project()
    backend.store.insert(
        [
            event(
                project, {text: text, "$ai_input": text, "a": text, "$set": {text: text}}, distinct_id="same"
            ),
            event(project, {text: "other", "a": "other"}, distinct_id="other"),
            event(project, {}, distinct_id="without"),
        ]
    )

    assert accepted(backend, project, [{"key": text, "value": text}]) == ["same"]
    assert accepted(backend, project, [{"key": text, "value": text, "operator": "is_not"}]) == [
        "other",
        "without",
    ]
    assert accepted(backend, project, [{"key": text, "operator": "is_set"}]) == ["other", "same"]
    assert accepted(backend, project, [{"key": text, "value": text, "type": "person"}]) == ["same"]
    for key in ("a", "$ai_input", text):
        assert accepted(backend, project, [{"key": key, "value": [text, "?x"]}]) == ["same"]
        assert accepted(backend, project, [{"key": key, "value": text, "operator": "icontains"}]) == ["same"]


@pytest.mark.parametrize("kind", ["event", "person"])
@pytest.mark.parametrize("operator", list(FilterOperator))
@pytest.mark.parametrize("key", ["MARKED_KEY", "MARKED.KEY", "$ai_input"])
def test_no_key_or_value_is_in_the_text(operator: FilterOperator, key: str, kind: str) -> None:
    for value in ("MARKED", "/MARKED", "987654321", ["987654321", 987654322], "-77d"):
        try:
            filters = parse_filters([{"key": key, "value": value, "operator": operator, "type": kind}])
        except UnsupportedFilter:
            continue
        sql, _ = filter_condition(filters, now=NOW)
        assert "MARKED" not in sql
        assert "98765432" not in sql
        assert "77" not in sql


def test_filters_are_all_required(embedded: Backend, new_project: Callable[[], int]) -> None:
    project = new_project()
    embedded.store.insert(
        [
            event(project, {"a": 1, "b": 1}, distinct_id="both"),
            event(project, {"a": 1}, distinct_id="first"),
            event(project, {"b": 1}, distinct_id="second"),
        ]
    )

    assert accepted(embedded, project, [{"key": "a", "value": 1}, {"key": "b", "value": 1}]) == ["both"]
    assert accepted(
        embedded, project, [{"key": "a", "value": 1}, {"key": "b", "value": 1, "operator": "is_not"}]
    ) == ["first"]
    assert accepted(embedded, project, []) == ["both", "first", "second"]


def test_prefixes_keep_conditions_apart(embedded: Backend, new_project: Callable[[], int]) -> None:
    project = new_project()
    embedded.store.insert([event(project, {"a": name}, distinct_id=name) for name in ("x", "y", "z")])
    first = filter_condition(parse_filters([{"key": "a", "value": "x"}]), now=NOW, prefix="first")
    second = filter_condition(parse_filters([{"key": "a", "value": "y"}]), now=NOW, prefix="second")

    assert not first.parameters.keys() & second.parameters.keys()
    rows = embedded.connection.query(
        f"SELECT distinct_id FROM events WHERE project_id = {{project:UInt64}} AND ({first.sql} OR {second.sql})",
        project=project,
        **first.parameters,
        **second.parameters,
    )
    assert sorted(row["distinct_id"] for row in rows) == ["x", "y"]


def test_relative_dates_count_from_the_given_now(embedded: Backend, new_project: Callable[[], int]) -> None:
    project = new_project()
    embedded.store.insert([event(project, {"a": "2026-03-25T00:00:00Z"})])
    filters = parse_filters([{"key": "a", "value": "-7d", "operator": "is_date_after"}])

    def count(now: datetime) -> int:
        sql, parameters = filter_condition(filters, now=now)
        [row] = embedded.connection.query(
            f"SELECT count() AS n FROM events WHERE project_id = {{project:UInt64}} AND {sql}",
            project=project,
            **parameters,
        )
        return int(row["n"])

    assert (count(NOW), count(NOW.replace(month=4, day=2))) == (1, 0)
