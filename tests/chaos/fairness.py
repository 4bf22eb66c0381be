"""A project with much to do does not make another one wait."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from statistics import quantiles

from tests.chaos.checks import Report
from tests.chaos.judge import CountingJudge
from tests.chaos.ledger import Ledger, ledger_of
from tests.chaos.temporal_view import temporal_view
from tests.chaos.traffic import GENERATION, Sent, generations, in_batches
from tests.chaos.world import World, world

SMALL = 10
"""Events of the small project that come together."""

_LATENCY = 0.3
_SLOW_HOG = "let n := 0\nwhile (n < 20000) { n := n + 1 }\nreturn n > 0"
_LEAD_SECONDS = 10.0
_ROUND_SECONDS = 4.0


async def small_project_first(folder: Path, *, backlog: int, seed: int, longest: float) -> Report:
    """Ten events arrive while another project has a backlog with the same model.

    The figure `backlog_before_small` says how much of it was done when the ten were.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed, "backlog": backlog})
    with CountingJudge(latency=_LATENCY) as judge, world(folder, judge.settings) as running:
        small_id, token = running.project("Small")
        running.evaluation(judge=True)
        small = running.evaluation(judge=True, project_id=small_id)
        running.sender(in_batches(generations(backlog, draw), draw)).join(longest)
        judge.await_answers(1, longest)
        few = _some(draw, small_id)
        trickle = running.sender([few], token=token)
        trickle.join(longest)
        report.forbid("requests refused", trickle.refusals)
        view = await temporal_view(running.temporal_address)
        await view.settle(lambda: trickle.is_done, targets=len(few), seconds=longest, projects=(small_id,))
        running.kill()
        ledger = ledger_of(folder)
    stored = _stored(ledger)
    report.forbid(
        "events of the small project without a verdict", small.sample(ledger.captured) - stored.keys()
    )
    last = max((stored[event.uuid] for event in few if event.uuid in stored), default=0.0)
    mine = {event.uuid for event in few}
    report.figures["small"] = len(stored.keys() & mine)
    report.figures["backlog_before_small"] = sum(
        at <= last for uuid, at in stored.items() if uuid not in mine
    )
    return report


async def delay_under_load(folder: Path, *, backlog: int, seed: int, rounds: int, judged: bool) -> Report:
    """How long the ten events of a project take, alone and beside a backlog of another one.

    Args:
        rounds: how often ten events are sent, alone and then again.
        judged: by a model that takes 300 ms; else by a Hog program that takes long.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed, "backlog": backlog, "judged": judged})
    with CountingJudge(latency=_LATENCY) as judge, world(folder, judge.settings) as running:
        small_id, token = running.project("Small")
        running.evaluation(judge=judged, project_id=small_id)
        large = running.evaluation(judge=judged, source=_SLOW_HOG)
        alone = await _rounds(running, draw, small_id, token, rounds)
        many = generations(backlog, draw)
        running.sender(in_batches(many, draw)).join(600)
        await asyncio.sleep(_LEAD_SECONDS)
        beside = await _rounds(running, draw, small_id, token, rounds)
        await asyncio.sleep(_LEAD_SECONDS)  # a verdict that is missing then is told below
        running.kill()
        ledger = ledger_of(folder)
    _compare(report, ledger, alone, beside, large.id)
    return report


async def _rounds(
    running: World, draw: random.Random, project_id: int, token: str, rounds: int
) -> dict[str, float]:
    """Uuid → when the event was sent, of all rounds."""
    sent: dict[str, float] = {}
    for _ in range(rounds):
        few = _some(draw, project_id)
        sent |= {event.uuid: time.time() for event in few}
        trickle = running.sender([few], token=token)
        trickle.join(60)
        assert not trickle.refusals
        await asyncio.sleep(_ROUND_SECONDS)
    return sent


def _compare(
    report: Report, ledger: Ledger, alone: dict[str, float], beside: dict[str, float], large: str
) -> None:
    stored = _stored(ledger)
    report.forbid("events of the small project without a verdict", (alone | beside).keys() - stored.keys())
    if report.violations:
        return
    waits = [[stored[uuid] - at for uuid, at in sent.items()] for sent in (alone, beside)]
    p95 = [quantiles(some, n=20)[-1] for some in waits]
    end = max(stored[uuid] for uuid in beside)
    done = sum(row["evaluation_id"] == large and row["stored"] <= end for row in ledger.rows)
    report.figures |= {
        "p95_alone_s": round(p95[0], 3),
        "p95_beside_s": round(p95[1], 3),
        "ratio": round(p95[1] / p95[0], 2),
        "backlog_done_at_the_end": done,
    }
    if done >= report.figures["backlog"]:
        report.violations.append("the backlog was done before the measurement was")


def _stored(ledger: Ledger) -> dict[str, float]:
    """Target → when its verdict was stored first."""
    stored: dict[str, float] = {}
    for row in ledger.rows:
        stored[row["target"]] = min(row["stored"], stored.get(row["target"], row["stored"]))
    return stored


def _some(draw: random.Random, project_id: int) -> list[Sent]:
    made = generations(SMALL, draw, project_id=project_id)
    return [event for event in made if event.event == GENERATION]
