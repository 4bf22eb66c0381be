"""A long time of ordinary work: memory stays, histories stay short, payloads stay small."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean

from tests.chaos.checks import Report
from tests.chaos.conclusion import Scene, conclude
from tests.chaos.judge import CountingJudge
from tests.chaos.temporal_view import TemporalView
from tests.chaos.traffic import generations, in_batches
from tests.chaos.world import world

MAX_PAYLOAD = 256 * 1024
MAX_HISTORY_EVENTS = 5_000
MAX_HISTORY_BYTES = 4 * 1024 * 1024
"""Half of what Temporal warns at, and less."""

_GROWTH = 1.10
"""Memory of the last quarter, in those of the second, that still counts as the same."""

_SAMPLE_SECONDS = 0.5


async def soaked(folder: Path, *, events: int, seed: int, per_second: float, longest: float) -> Report:
    """Capture and judge events at an even pace, with a Hog program and a judge that answers at once."""
    draw = random.Random(seed)
    report = Report(figures={"seed": seed, "events": events, "per_second": per_second})
    sent = generations(events, draw)
    with CountingJudge() as judge, world(folder, judge.settings) as running:
        evaluations = [
            running.evaluation(judge=False, rollout=70),
            running.evaluation(judge=True, rollout=30, key=True),
        ]
        with sampled_memory(running.engine.process.pid) as samples:
            began = time.monotonic()
            sender = running.sender(in_batches(sent, draw, repeated=0.02), per_second=per_second)

            async def inspect(view: TemporalView) -> None:
                report.figures["seconds"] = round(time.monotonic() - began, 1)
                report.figures["memory_mb"] = _quarters(samples)
                await check_histories(report, view)

            scene = Scene(report, running, judge, evaluations, [sender], sent)
            await conclude(scene, seconds=longest, inspect=inspect)
    quarters = report.figures["memory_mb"]
    if quarters[3] > quarters[1] * _GROWTH:
        report.violations.append(f"memory grows: {quarters} MB in the quarters of the run")
    return report


async def check_histories(report: Report, view: TemporalView) -> None:
    """No history grows without bound, and none carries bodies."""
    found = [history async for history in view.histories()]
    report.figures["histories"] = {
        workflow_type: {
            "runs": len(same),
            "most_events": max(history.events for history in same),
            "most_bytes": max(history.size for history in same),
            "largest_payload": max(history.largest_payload for history in same),
        }
        for workflow_type in sorted({history.workflow_type for history in found})
        for same in [[history for history in found if history.workflow_type == workflow_type]]
    }
    report.forbid("payloads above the limit", [h for h in found if h.largest_payload > MAX_PAYLOAD])
    report.forbid(
        "histories above the limit",
        [h for h in found if h.events > MAX_HISTORY_EVENTS or h.size > MAX_HISTORY_BYTES],
    )


@contextmanager
def sampled_memory(pid: int) -> Iterator[list[float]]:
    """Resident memory of a process in MB, taken again and again in the length of the block."""
    samples: list[float] = []
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            samples.append(_resident_mb(pid))

    thread = threading.Thread(target=sample, name="memory", daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def _resident_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0")
    return int(line.split()[1]) / 1024


def _quarters(samples: Sequence[float]) -> list[int]:
    """Means of the four quarters of a run."""
    size = max(1, len(samples) // 4)
    return [round(mean(samples[n * size : (n + 1) * size] or [0.0])) for n in range(4)]
