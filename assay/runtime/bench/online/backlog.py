"""Cases `hog`, `judge` and `latency`: how quickly a backlog becomes verdicts.

The events are captured while the evaluation is active, much faster than they can be judged. What counts are
the verdicts after the last capture was acknowledged: from then on all events are in the store, nothing else
arrives, and the time goes from the event store to the event store.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from assay.runtime.bench.online.ledger import ledger
from assay.runtime.bench.online.model import scripted_model
from assay.runtime.bench.online.subject import PROJECT, Subject, subject
from assay.runtime.bench.online.traffic import generations
from assay.runtime.bench.online.usage import cpu_between, peaks

CONCURRENCY = 64
"""Questions in flight per key at most, as the engine is set up by default."""

_WARM_UP = 64
_WARM_UP_SEED = 1


async def hog(events: int) -> dict[str, Any]:
    """A backlog for a Hog evaluation."""
    return await _worked_off("hog", events, model_url=None)


async def judge(events: int, latency: float) -> dict[str, Any]:
    """A backlog for a judge.

    Args:
        latency: seconds until the model answers; 0 for at once.
    """
    with scripted_model(latency) as model_url:
        found = await _worked_off("judge", events, model_url=model_url)
    if not latency:
        return found
    ideal = CONCURRENCY / latency
    return found | {
        "latency_seconds": latency,
        "concurrency": CONCURRENCY,
        "ideal_per_second": round(ideal, 1),
        "ratio_to_ideal": round(found["verdicts_per_second"] / ideal, 3),
        "ratio_to_ideal_steady": round(found["steady_verdicts_per_second"] / ideal, 3),
    }


async def _worked_off(kind: str, count: int, model_url: str | None) -> dict[str, Any]:
    events = generations(count)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        async with subject(data_dir, model_url) as engine:
            await engine.evaluation(engine.first, kind)
            warm_up = generations(_WARM_UP, seed=_WARM_UP_SEED)
            await engine.capture_all(engine.first, warm_up)
            await engine.until_verdicts(len(warm_up))
            times, used = await _measured(engine, events, before=len(warm_up))
            actions = await engine.actions()
        with ledger(data_dir) as stored:
            verdicts = stored.verdicts_on(PROJECT, [UUID(event["uuid"]) for event in events])
    total = sum(actions.values())
    return {
        "events": count,
        **_rates([verdict.stored_at for verdict in verdicts], *times),
        "actions": actions | {"total": total},
        "actions_per_verdict": round(total / (count + _WARM_UP), 4),
        **used,
    }


async def _measured(
    engine: Subject, events: list[dict[str, Any]], *, before: int
) -> tuple[tuple[float, float, float], dict[str, Any]]:
    """Capture events and wait for their verdicts.

    Returns:
        When capture began and ended, and when the last verdict was seen; what the processes used.
    """
    began, captured = await engine.capture_all(engine.first, events)
    at_capture, judged = engine.usage(), await engine.verdicts() - before
    finished = await engine.until_verdicts(before + len(events))
    at_end = engine.usage()
    cpu = cpu_between(at_capture, at_end)
    milliseconds = {role: 1000 * seconds / (len(events) - judged) for role, seconds in cpu.items()}
    return (began, captured, finished), {
        "cpu_seconds": cpu,
        "cpu_ms_per_verdict": {role: round(each, 3) for role, each in milliseconds.items()},
        "peak_megabytes": peaks(at_end),
    }


def _rates(stored_at: Sequence[float], began: float, captured: float, finished: float) -> dict[str, Any]:
    """Verdicts per second of a backlog.

    Args:
        stored_at: Unix seconds of each verdict, ascending.
        finished: when the last one was seen to be stored, up to a quarter of a second too late.
    """
    after = [at for at in stored_at if at > captured]
    if len(after) < len(stored_at) / 2:
        raise RuntimeError("More than half was judged before all was captured: take more events.")
    tenth = len(after) // 10
    steady = after[tenth : len(after) - tenth]
    return {
        "captured_per_second": round(len(stored_at) / (captured - began)),
        "verdicts_counted": len(after),
        "verdicts_per_second": round(len(after) / (finished - captured), 1),
        "steady_verdicts_per_second": round((len(steady) - 1) / (steady[-1] - steady[0]), 1),
        "verdicts_per_second_capture_included": round(len(stored_at) / (finished - began), 1),
    }
