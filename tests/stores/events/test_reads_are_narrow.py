"""Reads touch the granules they need, by the engine's own account."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from assay.adapters.clickhouse.store import FIND_EVENT, TRACE
from tests.stores.events.support import NOON, Backend, after, event


def steps_of(plan: Any) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from steps_of(child)


def indexes_used(backend: Backend, sql: str, **parameters: Any) -> list[dict[str, Any]]:
    [row] = backend.connection.query(f"EXPLAIN indexes = 1, json = 1 {sql}", **parameters)
    [[plan]] = [json.loads(text) for text in row.values()]
    return [index for step in steps_of(plan["Plan"]) for index in step.get("Indexes", [])]


def test_a_lookup_reads_one_granule_and_a_trace_few(backend: Backend, project: int) -> None:
    randomness = random.Random(1)
    events = [
        event(
            project,
            {"$ai_trace_id": f"t{n // 5}", "$ai_input": randomness.randbytes(2_000).hex()},
            timestamp=after(n % 3 * 86_400),
        )
        for n in range(5_000)
    ]
    backend.store.insert(events)

    lookup = indexes_used(
        backend, FIND_EVENT, project_id=project, event=events[0].event, day=NOON.date(), uuid=events[0].uuid
    )
    [by_key] = [index for index in lookup if index["Type"] == "PrimaryKey"]
    assert by_key["Initial Granules"] > 10
    assert by_key["Selected Granules"] <= by_key["Selected Parts"]

    trace = indexes_used(backend, TRACE, project_id=project, trace_id="t7", limit=10)
    [by_trace] = [index for index in trace if index.get("Name") == "by_trace_id"]
    # One for each of its events, and now and then one that a Bloom filter takes for another.
    assert by_trace["Selected Granules"] < by_trace["Initial Granules"] / 2
