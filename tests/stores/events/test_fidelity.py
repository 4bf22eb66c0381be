"""What is written comes back exactly, and what SQL sees of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.adapters.clickhouse.properties import LONG_VALUES, from_columns, to_columns
from assay.contracts.events import EventRef
from assay.errors import EventsRejected
from tests.stores.events.support import Backend, after, as_sent, event

ODD_KEYS = [
    "a",
    "b",
    "a.b",
    "a.",
    ".",
    "",
    "%",
    "%2E",
    "a%2Eb",
    "`",
    "'",
    '"',
    "\\",
    "\x00",
    "a:b",
    "^a",
    "[]",
]
keys = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    [*ODD_KEYS, *LONG_VALUES, "$ai_model", ":`Int64`", "a.:Int64", "{x:String}", "💥"]
)
numbers = st.integers() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=10) | st.sampled_from(
    ["2024-01-01", "2024-01-01 10:00:00", "1", "true", "null", "{}", "NaN", "\x00", "\ufffe"]
)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(keys, values, max_size=6)


def canonical(properties: dict[str, Any]) -> str:
    """JSON text, so that `True` differs from `1` and `1` from `1.0`."""
    return json.dumps(properties, sort_keys=True)


@given(objects)
def test_columns_hold_properties_exactly(properties: dict[str, Any]) -> None:
    assert canonical(from_columns(to_columns(properties))) == canonical(properties)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(objects, min_size=1, max_size=20))
def test_properties_come_back_exactly(backend: Backend, project: int, batch: list[dict[str, Any]]) -> None:
    sent = [event(project, properties) for properties in batch]
    backend.store.insert(sent)
    found = backend.store.find_event(EventRef.of(sent[-1]))

    assert found is not None
    assert canonical(found.properties) == canonical(batch[-1])


def nested(levels: int) -> dict[str, Any]:
    value: Any = 1
    for level in range(levels):
        value = {"k": value} if level % 2 else [value]
    return {"deep": value, "$ai_input": value}


@pytest.mark.parametrize("levels", [64, 300, 1_000])
def test_deep_values_come_back(backend: Backend, project: int, levels: int) -> None:
    sent = event(project, nested(levels))
    backend.store.insert([sent])

    assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent


@pytest.mark.parametrize(
    "properties",
    [
        nested(1_200),
        {"$ai_input": nested(1_200)["deep"]},
        nested(100_000),
        {"half": "\ud800"},
        {"$ai_input": "\udfff"},
        {"\ud800": 1},
        {"huge": float("nan"), "int": 2**64},
        {"object": object()},
    ],
    ids=["deep", "deep input", "endless", "surrogate", "in input", "in key", "nan", "python"],
)
def test_what_is_not_json_is_refused(backend: Backend, project: int, properties: dict[str, Any]) -> None:
    good, bad = event(project), event(project, properties)

    with pytest.raises(EventsRejected) as refused:
        backend.store.insert([good, bad])

    assert refused.value.__cause__ is None  # a driver's message quotes the event
    assert backend.store.find_event(EventRef.of(good)) is None
    backend.store.insert([good])
    assert as_sent(backend.store.find_event(EventRef.of(good))) == good


@pytest.mark.parametrize("field", ["event", "distinct_id"])
def test_text_that_is_not_unicode_is_refused(backend: Backend, project: int, field: str) -> None:
    with pytest.raises(EventsRejected):
        backend.store.insert([event(project).model_copy(update={field: "\ud800"})])


def test_not_a_number_becomes_null(backend: Backend, project: int) -> None:
    sent = event(project, {"a": float("nan"), "$ai_input": [float("inf")]})
    backend.store.insert([sent])
    found = backend.store.find_event(EventRef.of(sent))

    assert found is not None
    assert found.properties == {"a": None, "$ai_input": [None]}


def test_wide_events(backend: Backend, project: int) -> None:
    sent = event(project, {f"key {n}": n for n in range(5_000)} | {"list": list(range(10_000))})
    backend.store.insert([sent])

    assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent


def test_what_sql_sees(backend: Backend, project: int) -> None:
    """Losses of the JSON type, which reads do not have: nulls, empty objects, integers beyond 64 bits."""
    backend.store.insert(
        [
            event(
                project,
                {
                    "a.b": 1,
                    "a": {"b": 2, "none": None, "empty": {}},
                    "day": "2024-01-01",
                    "big": 2**64,
                    "whole": 1.0,
                    "$ai_input": "long",
                },
            )
        ]
    )
    [row] = backend.select(
        "properties.`a%2Eb` AS dotted, properties.a.b AS nested, toString(properties) AS all", project
    )

    assert (row["dotted"], row["nested"]) == (1, 2)
    assert json.loads(row["all"]) == {
        "a.b": 1,
        "a": {"b": 2},
        "day": "2024-01-01",
        "big": str(2**64),
        "whole": 1,
    }


def test_text_stays_text_for_sql(backend: Backend, project: int) -> None:
    backend.store.insert([event(project, {"$ai_model": "2024-01-01", "$ai_trace_id": "2024-01-01 10:00:00"})])
    [row] = backend.select("dynamicType(properties.`$ai_model`) AS type, model, trace_id", project)

    assert row == {"type": "String", "model": "2024-01-01", "trace_id": "2024-01-01 10:00:00"}


def test_keys_that_collide_for_sql_fail_nothing(backend: Backend, project: int) -> None:
    sent = event(project, {"a.b": 1, "a%2Eb": 2, "c": {"%2E": 3, ".": 4}}, timestamp=after(1))
    backend.store.insert([sent])

    assert as_sent(backend.store.find_event(EventRef.of(sent))) == sent
