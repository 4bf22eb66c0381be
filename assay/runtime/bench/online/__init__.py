"""`assay bench online`: automatic evaluation of live traffic, from capture to stored verdict.

Each case starts an engine of its own (`assay dev`) on an empty folder and uses it as people do: events come
over HTTP as SDKs send them, evaluations and keys are made through the API. What was stored is read when the
engine has ended, and a case fails unless each event has exactly one verdict. The load generator and the
model share the machine with the engine, so real traffic leaves it more.

    hog        a backlog for a Hog evaluation, against one workflow per event
    judge      a backlog for a judge whose model answers at once
    latency    the same with a model that takes 300 ms, against what the concurrency allows
    trickle    100 events a second: from the answer to a capture to the stored verdict
    fairness   a small project beside one with a long queue
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import uvloop

from assay.runtime.bench.online import backlog, baseline, fairness, trickle
from assay.runtime.bench.online.traffic import SEED

_LATENCY = 0.3

_Case = Callable[[int, int], Awaitable[dict[str, Any]]]


async def _hog(events: int, _: int) -> dict[str, Any]:
    usual = await baseline.run(max(events // 20, 100))
    found = await backlog.hog(events)
    ratio = found["verdicts_per_second"] / usual["verdicts_per_second"]
    return found | {"one_workflow_per_event": usual, "ratio_to_one_workflow_per_event": round(ratio, 1)}


_CASES: Mapping[str, _Case] = {
    "hog": _hog,
    "judge": lambda events, _: backlog.judge(max(events // 5, 200), 0.0),
    "latency": lambda events, _: backlog.judge(max(events // 5, 200), _LATENCY),
    "trickle": lambda _, seconds: trickle.run(seconds),
    "fairness": lambda events, _: fairness.run(events),
}
CASES: Sequence[str] = tuple(_CASES)
"""Names of the cases, in the order in which they run."""


def run(cases: Sequence[str], *, events: int, seconds: int) -> dict[str, Any]:
    """Measure some cases, one after the other.

    Args:
        cases: of `CASES`; none: all of them.
        events: in the Hog backlog and in the long queue; the slower cases take a part of them.
        seconds: how long events come one by one.
    """
    chosen = [name for name in CASES if name in cases or not cases]
    return {"seed": SEED, "cases": {name: _run(_CASES[name](events, seconds)) for name in chosen}}


def _run(measured: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        return await measured

    return asyncio.run(main(), loop_factory=uvloop.new_event_loop)
