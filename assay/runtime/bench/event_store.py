"""`assay bench events`: how fast the event store writes and reads.

Events are about 5 KB: a prompt, an answer and some twenty light properties, five to a trace, spread over
twenty days. Reads are measured twice, on the parts as inserts left them and after they were merged into one.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any
from uuid import UUID

from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.embedded import open_embedded
from assay.contracts.events import Event, EventRef

SEED = 7
SMALL, LARGE = 100, 5_000
READS = 200


class Workload:
    """Random but repeatable events."""

    def __init__(self) -> None:
        self._random = random.Random(SEED)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = [
            "".join(self._random.choices(letters, k=self._random.randint(2, 9))) for _ in range(3000)
        ]

    def events(self, project: int, count: int) -> list[Event]:
        """`count` events of a project."""
        start = datetime(2026, 3, 1, tzinfo=UTC)
        step = timedelta(days=20) / count
        return [self._event(project, n, start + n * step) for n in range(count)]

    def _event(self, project: int, number: int, timestamp: datetime) -> Event:
        return Event(
            project_id=project,
            event="$ai_generation",
            uuid=self._uuid(),
            distinct_id=f"user-{number % 1000}",
            timestamp=timestamp,
            properties=self._properties(number // 5),
        )

    def _properties(self, trace: int) -> dict[str, Any]:
        draw = self._random
        return {
            "$ai_trace_id": f"trace-{trace}",
            "$ai_session_id": f"session-{trace // 10}",
            "$ai_parent_id": str(self._uuid()),
            "$ai_span_id": str(self._uuid()),
            "$ai_model": draw.choice(["gpt-4o", "claude", "gemini"]),
            "$ai_provider": "openai",
            "$ai_latency": draw.random() * 5,
            "$ai_input_tokens": draw.randint(10, 5000),
            "$ai_output_tokens": draw.randint(10, 500),
            "$ai_total_cost_usd": draw.random() / 100,
            "$ai_http_status": 200,
            "$ai_base_url": "https://api.openai.com/v1",
            "$ai_is_error": False,
            "$ai_model_parameters": {"temperature": 0.7, "max_tokens": 512},
            "$lib": "posthog-python",
            "$lib_version": "7.91.0",
            "environment": "production",
            "feature": draw.choice(["chat", "search", "rag"]),
            "tags": ["a", "b"],
            "$ai_input": [
                {"role": "system", "content": self._text(200)},
                {"role": "user", "content": self._text(370)},
            ],
            "$ai_output_choices": [{"role": "assistant", "content": self._text(120)}],
        }

    def _text(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, k=words))

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128))


def insert_rate(store: ClickHouseEventStore, events: Sequence[Event], batch: int) -> float:
    """Events per second, written in batches one after another."""
    began = time.perf_counter()
    for first in range(0, len(events), batch):
        store.insert(events[first : first + batch])
    return len(events) / (time.perf_counter() - began)


def milliseconds(read: Callable[[Event], object], events: Sequence[Event]) -> dict[str, float]:
    """Median and 95th percentile of reading around random events."""
    chosen = random.Random(SEED).sample(list(events), READS)
    took = []
    for event in chosen:
        began = time.perf_counter()
        if not read(event):
            raise RuntimeError(f"event {event.uuid} was not found")
        took.append((time.perf_counter() - began) * 1000)
    return {"p50_ms": round(median(took), 2), "p95_ms": round(sorted(took)[int(READS * 0.95)], 2)}


def reads(store: ClickHouseEventStore, events: Sequence[Event]) -> dict[str, dict[str, float]]:
    """Both reads of the port."""
    return {
        "find_event": milliseconds(lambda event: store.find_event(EventRef.of(event)), events),
        "trace": milliseconds(
            lambda event: store.trace(event.project_id, event.properties["$ai_trace_id"]), events
        ),
    }


def measure(connection: Connection, count: int) -> dict[str, Any]:
    """Everything, on a migrated store; project ids are of this run's own."""
    store = ClickHouseEventStore(connection)
    store.migrate()
    workload = Workload()
    project = time.time_ns() // 1_000_000
    store.insert(workload.events(project, SMALL))  # pays for the driver's lazy imports
    small = insert_rate(store, workload.events(project + 1, SMALL * 40), SMALL)
    events = workload.events(project + 2, count)
    large = insert_rate(store, events, LARGE)
    as_inserted = reads(store, events)
    connection.command("OPTIMIZE TABLE events FINAL")
    return {
        "events": count,
        "event_bytes": round(mean(len(json.dumps(event.properties)) for event in events[:500])),
        "rows_per_second": {f"batches of {SMALL}": round(small), f"batches of {LARGE}": round(large)},
        "large_batch_gain": round(large / small, 2),
        "reads_as_inserted": as_inserted,
        "reads_merged": reads(store, events),
    }


def run(events: int) -> dict[str, Any]:
    """Measure the embedded engine in a folder of its own.

    Returns:
        Rows per second for small and large batches and their ratio; milliseconds of both reads, before and
        after the parts were merged.
    """
    with tempfile.TemporaryDirectory() as folder:
        connection = open_embedded(Path(folder))
        try:
            return {"seed": SEED, **measure(connection, events)}
        finally:
            connection.close()
