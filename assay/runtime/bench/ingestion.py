"""`assay bench ingestion`: events per second through HTTP, against writing the store directly.

Both run on this machine, one after the other, on fresh folders: first the store alone, in blocks of as many
events as the server makes of a full queue, then a whole `assay dev`. The load generator shares the cores
with the server, so a real client elsewhere leaves it more.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from assay.adapters.clickhouse import open_event_store
from assay.contracts.events import Event
from assay.domain.capture import normalise
from assay.runtime.bench.measure import percentile
from assay.runtime.engine_process import engine_process

SEED = 20260517
DIRECT_BLOCK = 1_000
SETTLE_SECONDS = 8
"""A started engine goes on importing its model client in the background for some seconds."""
CONCURRENCY = 32
WORDS = ("trace", "model", "latency", "token", "answer", "user", "prompt", "score", "judge", "cluster")


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of traffic."""

    name: str
    event_bytes: int
    batch: int


CASES = (
    Case("batches of 100, 1 KB events", 1_000, 100),
    Case("batches of 100, 5 KB events", 5_000, 100),
    Case("single events of 1 KB", 1_000, 1),
    Case("single events of 5 KB", 5_000, 1),
)


def raw_event(random_: random.Random, size: int) -> dict[str, Any]:
    """A generation as SDKs send it, about `size` bytes of JSON."""
    event: dict[str, Any] = {
        "event": "$ai_generation",
        "distinct_id": f"user-{random_.randrange(1000)}",
        "uuid": str(uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {
            "$ai_trace_id": str(uuid4()),
            "$ai_session_id": str(uuid4()),
            "$ai_model": random_.choice(("gpt-5", "gpt-5-mini", "claude-sonnet-5")),
            "$ai_provider": "openai",
            "$ai_latency": random_.random() * 10,
            "$ai_input_tokens": random_.randrange(5000),
            "$ai_output_tokens": random_.randrange(1000),
            "$ai_total_cost_usd": random_.random() / 100,
            "$ai_input": [{"role": "user", "content": ""}],
            "$ai_output_choices": [{"role": "assistant", "content": "done"}],
            "$lib": "posthog-python",
            "$lib_version": "7.91.1",
        },
    }
    missing = size - len(orjson.dumps(event))
    text = " ".join(random_.choices(WORDS, k=max(1, missing // 6)))
    event["properties"]["$ai_input"][0]["content"] = text[: max(0, missing)]
    return event


def direct(case: Case, count: int) -> float:
    """Events per second of the store alone."""
    random_ = random.Random(SEED)
    now = datetime.now(UTC)
    events: list[Event] = []
    for _ in range(count):
        event = normalise(raw_event(random_, case.event_bytes), project_id=1, received_at=now)
        if isinstance(event, Event):
            events.append(event)
    with tempfile.TemporaryDirectory() as folder:
        store = open_event_store(url=None, path=Path(folder) / "events")
        try:
            store.migrate()
            store.insert(events[:1])  # pays the driver's lazy imports
            began = time.perf_counter()
            for start in range(0, count, DIRECT_BLOCK):
                store.insert(events[start : start + DIRECT_BLOCK])
            return count / (time.perf_counter() - began)
        finally:
            store.close()


async def http(case: Case, count: int, port: int, token: str, concurrency: int) -> dict[str, float]:
    """Events acknowledged per second and latency per request."""
    random_ = random.Random(SEED)
    requests = [
        _request(token, [raw_event(random_, case.event_bytes) for _ in range(case.batch)])
        for _ in range(count // case.batch)
    ]
    await _send_all(requests[: concurrency * 2], port, concurrency)  # warm-up
    began = time.perf_counter()
    latencies = await _send_all(requests, port, concurrency)
    seconds = time.perf_counter() - began
    return {
        "events_per_second": round(len(requests) * case.batch / seconds),
        "requests_per_second": round(len(requests) / seconds),
        "p50_ms": round(percentile(latencies, 50) * 1000, 1),
        "p99_ms": round(percentile(latencies, 99) * 1000, 1),
    }


def _request(token: str, events: list[dict[str, Any]]) -> bytes:
    body = orjson.dumps({"api_key": token, "batch": events, "sent_at": datetime.now(UTC).isoformat()})
    head = ("POST /batch/ HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(head).encode() + body


async def _send_all(requests: Sequence[bytes], port: int, concurrency: int) -> list[float]:
    waiting = iter(requests)
    latencies: list[float] = []

    async def sender() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            began = time.perf_counter()
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            if answer != b'{"status":"Ok"}':
                raise RuntimeError(f"not acknowledged: {answer[:500]!r}")
            latencies.append(time.perf_counter() - began)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(sender() for _ in range(concurrency)))
    return latencies


def run(events: int) -> dict[str, Any]:
    """Measure every case.

    Args:
        events: events a case; single-event requests are measured with a fifth of them.

    Returns:
        Per case: events and requests per second, latency of a request, and the ratio to the store alone.
    """
    results: dict[str, Any] = {}
    for case in CASES:
        count = events if case.batch > 1 else max(events // 5, CONCURRENCY)
        alone = direct(case, count)
        with tempfile.TemporaryDirectory() as folder, engine_process(Path(folder)) as engine:
            time.sleep(SETTLE_SECONDS)
            port = int(engine.api_url.rpartition(":")[2])
            through = asyncio.run(http(case, count, port, engine.token, CONCURRENCY))
        results[case.name] = through | {
            "direct_events_per_second": round(alone),
            "ratio_to_direct": round(through["events_per_second"] / alone, 2),
        }
    return {"seed": SEED, "concurrency": CONCURRENCY, "cases": results}
