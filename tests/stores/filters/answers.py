"""Which events pass which filters, asked in two ways."""

from __future__ import annotations

from datetime import UTC, datetime

from assay.adapters.clickhouse.filters import filter_condition
from assay.contracts.events import Event
from assay.domain.filters import Filters, matches, person_properties
from tests.stores.events.support import Backend

NOW = datetime(2026, 3, 29, 12, 0, 0, 123_456, tzinfo=UTC)


def in_python(conditions: list[Filters], events: list[Event]) -> list[list[bool]]:
    """A row per event, a column per condition."""
    return [
        [
            matches(condition, sent.properties, person_properties(sent.properties), now=NOW)
            for condition in conditions
        ]
        for sent in events
    ]


def in_sql(
    backend: Backend, project: int, conditions: list[Filters], events: list[Event]
) -> list[list[bool]]:
    """The same from one statement, in which no two parameters may collide."""
    columns, parameters = [], {}
    for number, condition in enumerate(conditions):
        sql, values = filter_condition(condition, now=NOW, prefix=f"condition{number}")
        columns.append(f"({sql})")
        parameters |= values
    rows = backend.connection.query(
        f"SELECT uuid, [{', '.join(columns)}] AS answers FROM events FINAL WHERE project_id = {{project:UInt64}}",
        project=project,
        **parameters,
    )
    found = {row["uuid"]: [bool(answer) for answer in row["answers"]] for row in rows}
    return [found[sent.uuid] for sent in events]


def disagreements(
    backend: Backend, project: int, conditions: list[Filters], events: list[Event]
) -> list[str]:
    """Where the two differ, readable: the properties, the condition, and what Python says."""
    python, sql = in_python(conditions, events), in_sql(backend, project, conditions, events)
    return [
        f"{sent.properties} {condition}: Python says {expected}"
        for sent, expected_row, found_row in zip(events, python, sql, strict=True)
        for condition, expected, found in zip(conditions, expected_row, found_row, strict=True)
        if expected is not found
    ]
