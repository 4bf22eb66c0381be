"""Case `fairness`: what a project with a long queue does to the verdicts of another one."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from assay.runtime.bench.measure import percentile
from assay.runtime.bench.online.ledger import ledger
from assay.runtime.bench.online.model import scripted_model
from assay.runtime.bench.online.subject import Project, Subject, subject
from assay.runtime.bench.online.traffic import generations

_LATENCY = 0.3
_ROUNDS = 5
_EVENTS = 10
_ROUND_SECONDS = 2.0
"""Long enough for the verdicts of a round, and longer than a stream is left alone after it was woken."""

_LAST_ROUND_SECONDS = 6.0
_WARM_UP_SEED = 1
_SMALL_SEED = 2


async def run(events: int) -> dict[str, Any]:
    """Ten events of a small project at a time, five times: alone, and beside a project with a long queue.

    Args:
        events: in the queue of the large project.

    Returns:
        For Hog and for judges (whose model takes 300 ms, on keys of their own): milliseconds until the
        verdicts of the small project with and without the queue, and their ratio.
    """
    with scripted_model(_LATENCY) as model_url:
        return {
            "queued_events": events,
            "hog": await _beside("hog", events, None),
            "judge": await _beside("judge", events, model_url),
        }


async def _beside(kind: str, count: int, model_url: str | None) -> dict[str, Any]:
    queue = generations(count)
    rounds = generations((2 * _ROUNDS + 1) * _EVENTS, seed=_SMALL_SEED)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        async with subject(data_dir, model_url) as engine:
            small = await engine.another_project("Small")
            for project in (engine.first, small):
                await engine.evaluation(project, kind)
            await _warm_up(engine, small, rounds[:_EVENTS])
            alone = await _answered(engine, small, rounds[_EVENTS : (_ROUNDS + 1) * _EVENTS])
            await engine.capture_all(engine.first, queue)
            beside = await _answered(engine, small, rounds[(_ROUNDS + 1) * _EVENTS :])
            await asyncio.sleep(_LAST_ROUND_SECONDS)
        with ledger(data_dir) as stored:
            stored_at = {
                verdict.target: verdict.stored_at
                for verdict in stored.verdicts_on(small.id, [*alone, *beside])
            }
            last = max(stored_at.values())
            judged = sum(verdict.stored_at <= last for verdict in stored.verdicts(engine.first.id))
    found = {
        "alone_ms": _milliseconds(alone, stored_at),
        "beside_ms": _milliseconds(beside, stored_at),
    }
    return found | {
        "ratio_p95": round(found["beside_ms"]["p95"] / found["alone_ms"]["p95"], 2),
        "still_queued_after_the_last_one": count + _EVENTS - judged,
    }


async def _warm_up(engine: Subject, small: Project, events: list[dict[str, Any]]) -> None:
    others = generations(_EVENTS, seed=_WARM_UP_SEED)
    await engine.capture(engine.first, others)
    await engine.capture(small, events)
    await engine.until_verdicts(len(others) + len(events))


async def _answered(engine: Subject, small: Project, events: list[dict[str, Any]]) -> dict[UUID, float]:
    """Send the events in rounds; target → when it was acknowledged, in Unix seconds."""
    answered_at: dict[UUID, float] = {}
    for first in range(0, len(events), _EVENTS):
        await asyncio.sleep(_ROUND_SECONDS)
        some = events[first : first + _EVENTS]
        at = await engine.capture(small, some)
        answered_at |= {UUID(event["uuid"]): at for event in some}
    return answered_at


def _milliseconds(answered_at: dict[UUID, float], stored_at: dict[UUID, float]) -> dict[str, int]:
    seconds = [stored_at[target] - at for target, at in answered_at.items()]
    return {f"p{at}": round(percentile(seconds, at) * 1000) for at in (50, 95)} | {
        "max": round(max(seconds) * 1000)
    }
