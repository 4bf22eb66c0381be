"""Case `trickle`: how soon a verdict is there when events come one by one."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from assay.runtime.bench.measure import percentile
from assay.runtime.bench.online.ledger import ledger
from assay.runtime.bench.online.subject import PROJECT, Subject, subject
from assay.runtime.bench.online.traffic import generations
from assay.runtime.bench.online.usage import cpu_between, peaks

EVENTS_PER_SECOND = 100

_WARM_UP = 64
_WARM_UP_SEED = 1
_LAST_BATCHES_SECONDS = 2


async def run(seconds: int) -> dict[str, Any]:
    """Capture 100 events a second, each in a request of its own, for a Hog evaluation.

    Returns:
        Milliseconds from the answer to a capture until the insert with its verdict began, and until the whole
        batch with the verdict had ended, which is some time after the verdict was stored.
    """
    events = generations(EVENTS_PER_SECOND * seconds)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        async with subject(data_dir) as engine:
            await engine.evaluation(engine.first, "hog")
            warm_up = generations(_WARM_UP, seed=_WARM_UP_SEED)
            await engine.capture_all(engine.first, warm_up)
            await engine.until_verdicts(len(warm_up))
            before = engine.usage()
            answered_at = await _captured(engine, events)
            await engine.until_verdicts(len(warm_up) + len(events))
            used = engine.usage()
            await asyncio.sleep(_LAST_BATCHES_SECONDS)
            closed_at = await engine.batches_closed_at()
            actions = await engine.actions()
        with ledger(data_dir) as stored:
            verdicts = stored.verdicts_on(PROJECT, answered_at)
            batch_of = stored.batch_of(PROJECT)
    to_insert = [verdict.stored_at - answered_at[verdict.target] for verdict in verdicts]
    to_end = [closed_at[batch_of[target]].timestamp() - answered for target, answered in answered_at.items()]
    return {
        "events": len(events),
        "events_per_second": EVENTS_PER_SECOND,
        "to_insert_ms": _milliseconds(to_insert),
        "to_end_of_batch_ms": _milliseconds(to_end),
        "batches": len(closed_at),
        "actions_per_verdict": round(sum(actions.values()) / (len(events) + _WARM_UP), 3),
        "cpu_seconds": cpu_between(before, used),
        "peak_megabytes": peaks(used),
    }


async def _captured(engine: Subject, events: list[dict[str, Any]]) -> dict[UUID, float]:
    """Send each event at its time, however long the answers take; target → when it was acknowledged."""
    answered_at: dict[UUID, float] = {}

    async def send(event: dict[str, Any]) -> None:
        answered_at[UUID(event["uuid"])] = await engine.capture(engine.first, [event])

    began = time.monotonic()
    async with asyncio.TaskGroup() as sending:
        for number, event in enumerate(events):
            await asyncio.sleep(max(0.0, began + number / EVENTS_PER_SECOND - time.monotonic()))
            sending.create_task(send(event))
    return answered_at


def _milliseconds(seconds: list[float]) -> dict[str, int]:
    found = {f"p{at}": round(percentile(seconds, at) * 1000) for at in (50, 95, 99)}
    return found | {"max": round(max(seconds) * 1000)}
