"""Which events pass which filters, asked in three ways."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from assay.adapters.clickhouse.filters import filter_condition
from assay.contracts.events import Event
from assay.domain.filters.hog import filters_program
from assay.domain.filters.matching import matches, person_properties
from assay.domain.filters.predicates import Filters
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.program import bytecode, statements_of
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


def in_hog(conditions: list[Filters], events: list[Event]) -> list[list[bool]]:
    """The same from one Hog program of all conditions' answers, which has been through JSON as stored ones have."""
    answers = []
    for condition in conditions:
        [[statement, answer]] = statements_of(filters_program(condition))
        assert statement == "return"
        answers.append(answer)
    program = HogMachine(now=lambda: NOW).load(
        json.loads(json.dumps(bytecode([["return", ["array", answers]]])))
    )
    return [program.run(globals_of(sent.properties), Limits()) for sent in events]


def globals_of(properties: dict[str, Any]) -> dict[str, Any]:
    """The globals that compiled filters read."""
    return {"properties": properties, "person": {"properties": person_properties(properties)}}


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
    """Where they differ, readable: the properties, the condition, and what each says."""
    answers = zip(
        in_python(conditions, events),
        in_hog(conditions, events),
        in_sql(backend, project, conditions, events),
        strict=True,
    )
    return [
        f"{sent.properties} {condition}: Python says {python}, Hog {hog}, SQL {sql}"
        for sent, rows in zip(events, answers, strict=True)
        for condition, python, hog, sql in zip(conditions, *rows, strict=True)
        if not (python is hog is sql)
    ]
