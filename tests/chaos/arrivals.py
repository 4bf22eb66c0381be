"""Events arrive in every way but in order: twice, late, shuffled, and when nobody is there."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import clickhouse_connect

from tests.chaos.checks import Report
from tests.chaos.conclusion import Scene, conclude, sampled_count
from tests.chaos.judge import CountingJudge
from tests.chaos.kills import await_point
from tests.chaos.ledger import ledger_at
from tests.chaos.store_gate import gated_store
from tests.chaos.traffic import GENERATION, Sent, generations, in_batches
from tests.chaos.world import world

_COLUMNS = "properties, properties_text, ai_input, ai_output, ai_output_choices, ai_input_state, ai_output_state, ai_tools"

_LATE = f"""
INSERT INTO events (project_id, event, uuid, distinct_id, timestamp, ingested_at, {_COLUMNS})
SELECT project_id, event, arrayJoin({{uuids:Array(UUID)}}), distinct_id, timestamp,
       now64(6, 'UTC') - INTERVAL {{seconds:UInt32}} SECOND, {_COLUMNS}
FROM (SELECT * FROM events WHERE event = '$ai_generation' AND properties.tier = 'gold' LIMIT 1)
"""


async def out_of_order(folder: Path, *, events: int, seed: int, down: float, longest: float) -> Report:
    """Timestamps of ten days in no order, two batches of five sent again, and an engine that is away for a while.

    Args:
        down: seconds that the engine is stopped in the middle of it.
    """
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    sent = generations(events, draw, days=10)
    with CountingJudge(latency=0.01) as judge, world(folder, judge.settings) as running:
        evaluations = [
            running.evaluation(judge=False, rollout=70, tier="gold"),
            running.evaluation(judge=True, rollout=70),
        ]
        calls = sampled_count(evaluations[1:], sent)
        sender = running.sender(in_batches(sent, draw, repeated=0.4), per_second=events / 4)
        await_point(0.4, sender, judge, events=len(sent), calls=calls)
        running.stop()
        await asyncio.sleep(down)
        running.start()
        scene = Scene(report, running, judge, evaluations, [sender], sent)
        await conclude(scene, seconds=longest)
    return report


async def shown_late(folder: Path, *, events: int, seed: int, longest: float) -> Report:
    """Rows appear behind others that arrived after them, as those of a slow insert do."""
    draw = random.Random(seed)
    report = Report(figures={"seed": seed})
    sent = generations(events, draw)
    late = [
        Sent(str(UUID(int=draw.getrandbits(128))), GENERATION, datetime.now(UTC), {"tier": "gold"})
        for _ in range(events // 10)
    ]
    with (
        CountingJudge() as judge,
        gated_store(folder / "clickhouse", seed=seed) as gate,
        world(folder / "data", {"ASSAY_CLICKHOUSE_URL": gate.url}) as running,
    ):
        evaluations = [running.evaluation(judge=False, rollout=70, tier="gold")]
        sender = running.sender(in_batches(sent, draw), per_second=events / 5)
        await_point(0.5, sender, judge, events=len(sent), calls=0)
        _insert_late(gate.url, late, seconds=1)
        sender.join(longest)
        sender.acknowledged |= {row.uuid: time.time() for row in late}
        scene = Scene(report, running, judge, evaluations, [sender], [*sent, *late])
        await conclude(scene, seconds=longest, read=lambda: ledger_at(gate.url))
    return report


def _insert_late(url: str, rows: Sequence[Sent], *, seconds: int) -> None:
    """Copies of a stored generation that seem to have been ingested some seconds ago."""
    address = urlsplit(url)
    client = clickhouse_connect.get_client(
        host=address.hostname, port=address.port or 0, username="default", database=address.path[1:]
    )
    client.command(_LATE, parameters={"uuids": [row.uuid for row in rows], "seconds": seconds})
    client.close()
