"""The engine is killed at random points while events are captured and judged."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

from tests.chaos.checks import Report
from tests.chaos.conclusion import Scene, conclude, sampled_count
from tests.chaos.judge import CountingJudge
from tests.chaos.traffic import Sender, generations, in_batches
from tests.chaos.world import world

_LONGEST_SECONDS = 300.0


async def killed(
    folder: Path,
    *,
    events: int,
    kills: int,
    seed: int,
    per_second: float,
    latency: float = 0.1,
    own_key: bool = False,
    longest: float = _LONGEST_SECONDS,
) -> Report:
    """Capture and judge events, kill the engine so many times, look at what is stored.

    The events have timestamps of ten days in no order; some are sent twice at once, and some again later.

    Args:
        per_second: events sent, so that capture and judging overlap.
        latency: seconds of a model call.
        own_key: judge on a key of the project's own, not on the operator's.
        longest: seconds that the engine may take once it is left alone.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    sent = generations(events, draw, days=10)
    with CountingJudge(latency=latency) as judge, world(folder, judge.settings) as running:
        evaluations = [
            running.evaluation(judge=False, rollout=70, tier="gold"),
            running.evaluation(judge=True, rollout=70, tier="gold", key=own_key),
        ]
        sender = running.sender(in_batches(sent, draw, repeated=0.1), per_second=per_second)
        calls = sampled_count(evaluations[1:], sent)
        for number, point in enumerate(sorted(draw.uniform(0.05, 0.95) for _ in range(kills))):
            if number % 2:
                await_point(point, sender, judge, events=len(sent), calls=calls)
                await asyncio.sleep(draw.uniform(0, 0.5))
            else:  # right in the middle of a batch
                judge.await_answers(round(point * calls), longest)
            running.kill(temporal=draw.random() < 0.5)
            await asyncio.sleep(draw.uniform(0, 0.5))
            running.start()
        scene = Scene(report, running, judge, evaluations, [sender], sent)
        await conclude(scene, seconds=longest)
    return report


def await_point(point: float, sender: Sender, judge: CountingJudge, *, events: int, calls: int) -> None:
    """Wait until a share of the whole work, capture and judging together, is done."""
    wanted = point * (events + calls)
    deadline = time.monotonic() + _LONGEST_SECONDS
    while len(sender.acknowledged) + judge.answered < wanted:
        if time.monotonic() > deadline:
            return  # the conclusion says what is missing
        time.sleep(0.02)
