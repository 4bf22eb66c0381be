"""What the engine leans on goes away for a while: its event store, Temporal, the model."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assay.adapters.testing import Reply
from tests.chaos.checks import Report
from tests.chaos.conclusion import Scene, conclude, sampled_count
from tests.chaos.judge import CountingJudge
from tests.chaos.kills import await_point
from tests.chaos.ledger import ledger_at
from tests.chaos.store_gate import gated_store
from tests.chaos.temporal_service import temporal_service
from tests.chaos.traffic import generations, in_batches
from tests.chaos.world import world

Weather = Callable[[random.Random], Reply | None]
"""What a model answers to a question; None: a verdict."""

_ROLLOUT = 70
_TIER = "gold"


async def store_refuses(
    folder: Path, *, events: int, seed: int, seconds: float, per_second: float, longest: float
) -> Report:
    """The event store takes no writes for some seconds, in the middle of everything.

    Args:
        longest: seconds that the engine may take once everything is back.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    sent = generations(events, draw)
    with CountingJudge(latency=0.02) as judge, gated_store(folder / "clickhouse", seed=seed) as gate:
        settings = judge.settings | {"ASSAY_CLICKHOUSE_URL": gate.url}
        with world(folder / "data", settings) as running:
            evaluations = [
                running.evaluation(judge=False, rollout=_ROLLOUT, tier=_TIER),
                running.evaluation(judge=True, rollout=_ROLLOUT, tier=_TIER),
            ]
            calls = sampled_count(evaluations[1:], sent)
            sender = running.sender(in_batches(sent, draw), per_second=per_second)
            await_point(0.4, sender, judge, events=len(sent), calls=calls)
            gate.is_shut = True
            await asyncio.sleep(seconds)
            gate.is_shut = False
            scene = Scene(report, running, judge, evaluations, [sender], sent)
            await conclude(scene, seconds=longest, read=lambda: ledger_at(gate.url))
    report.figures |= {"writes_refused": gate.refused, "answers_to_writes_lost": gate.lost}
    return report


async def temporal_restarts(
    folder: Path, *, events: int, seed: int, restarts: int, down: float, per_second: float, longest: float
) -> Report:
    """Temporal is killed while batches are under way, and comes back.

    Args:
        down: seconds that it stays away each time.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed, "restarts": restarts})
    sent = generations(events, draw)
    with (
        CountingJudge(latency=0.05) as judge,
        temporal_service(folder / "temporal") as temporal,
        world(folder / "data", judge.settings, temporal_address=temporal.address) as running,
    ):
        evaluations = [
            running.evaluation(judge=False, rollout=_ROLLOUT, tier=_TIER),
            running.evaluation(judge=True, rollout=_ROLLOUT, tier=_TIER),
        ]
        calls = sampled_count(evaluations[1:], sent)
        sender = running.sender(in_batches(sent, draw), per_second=per_second)
        for number in range(restarts):
            point = (number + 0.5) / restarts
            await_point(point, sender, judge, events=len(sent), calls=calls)
            temporal.kill()
            await asyncio.sleep(down)
            temporal.start()
        scene = Scene(report, running, judge, evaluations, [sender], sent)
        await conclude(scene, seconds=longest)
    return report


async def model_weather(
    folder: Path,
    *,
    events: int,
    seed: int,
    spells: Sequence[tuple[Weather, float]],
    longest: float,
    own_key: bool,
) -> Report:
    """The model endpoint answers badly for some time, from the middle on.

    Args:
        spells: how badly, for how many seconds, one after the other.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    sent = generations(events, draw)
    with CountingJudge(latency=0.02) as judge, world(folder, judge.settings) as running:
        evaluations = [running.evaluation(judge=True, rollout=_ROLLOUT, tier=_TIER, key=own_key)]
        calls = sampled_count(evaluations, sent)
        sender = running.sender(in_batches(sent, draw))
        await_point(0.6, sender, judge, events=len(sent), calls=calls)
        for weather, seconds in spells:
            judge.weather = partial(weather, draw)
            await asyncio.sleep(seconds)
        judge.weather = lambda: None
        scene = Scene(report, running, judge, evaluations, [sender], sent)
        await conclude(scene, seconds=longest)
    statuses = sorted({call.status for call in judge.calls})
    report.figures["answers"] = {
        str(status): sum(call.status == status for call in judge.calls) for status in statuses
    }
    return report


def rate_limited(_: random.Random) -> Reply:
    """429 with Retry-After."""
    return Reply(
        status=429,
        headers={"retry-after": "2"},
        body={"error": {"message": "Rate limit reached.", "type": "rate_limit_error", "code": "rate_limit"}},
    )


def broken(draw: random.Random) -> Reply:
    """500, 502, 503, connections that break in the middle of an answer."""
    if draw.random() < 0.2:
        return Reply(drop=True)
    return Reply(status=draw.choice([500, 502, 503]), body={"error": {"message": "Something went wrong."}})


def garbage(draw: random.Random) -> Reply | None:
    """Half of the answers are none: no JSON, no object, no verdict, nothing."""
    answers = ["Sure! It passes.", "[]", '{"reasoning": 1}', '{"verdict": "maybe"}', "", "\x00"]
    return Reply(content=draw.choice(answers)) if draw.random() < 0.5 else None


def hanging(draw: random.Random) -> Reply | None:
    """A third of the questions are never answered."""
    return Reply(hang=True) if draw.random() < 0.33 else None
