"""Long runs of the scenarios of this package; prints one JSON object per run and ends with 1 if anything is wrong.

Usage: python -m tests.chaos.run SCENARIO [--events N] [--rounds N] [--seed N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.chaos import arrivals, fairness, outages, reports, soak
from tests.chaos.checks import Report
from tests.chaos.kills import killed

_LONGEST_SECONDS = 600.0
_KILLS = 20
_STORE_AWAY_SECONDS = 30.0
_RATE_LIMITED_SECONDS = 300.0
_BAD_SECONDS = 45.0
_HANGING_SECONDS = 100.0
"""Longer than a model call may take."""

_REPORTS = 10

Scenario = Callable[[Path, int, int], Awaitable[Report]]
"""Runs in a folder, with so many events and a seed."""


def _kills(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    draw = random.Random(seed)
    return killed(
        folder,
        events=events,
        kills=_KILLS,
        seed=seed,
        per_second=events / 10,
        own_key=draw.random() < 0.5,
        longest=_LONGEST_SECONDS,
    )


def _store(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    return outages.store_refuses(
        folder,
        events=events,
        seed=seed,
        seconds=_STORE_AWAY_SECONDS,
        per_second=events / 20,
        longest=_LONGEST_SECONDS,
    )


def _temporal(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    return outages.temporal_restarts(
        folder,
        events=events,
        seed=seed,
        restarts=3,
        down=5,
        per_second=events / 10,
        longest=_LONGEST_SECONDS,
    )


def _model(weather: outages.Weather, seconds: float) -> Scenario:
    def scenario(folder: Path, events: int, seed: int) -> Awaitable[Report]:
        return outages.model_weather(
            folder,
            events=events,
            seed=seed,
            spells=[(weather, seconds)],
            longest=_LONGEST_SECONDS,
            own_key=True,
        )

    return scenario


def _arrivals(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    return arrivals.out_of_order(folder, events=events, seed=seed, down=5, longest=_LONGEST_SECONDS)


def _late(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    return arrivals.shown_late(folder, events=events, seed=seed, longest=_LONGEST_SECONDS)


def _soak(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    return soak.soaked(folder, events=events, seed=seed, per_second=250, longest=_LONGEST_SECONDS)


def _reports(folder: Path, events: int, seed: int) -> Awaitable[Report]:
    return reports.killed_at_every_step(
        folder, results=events, seed=seed, reports=_REPORTS, longest=_LONGEST_SECONDS / 5
    )


def _fairness(judged: bool) -> Scenario:
    def scenario(folder: Path, events: int, seed: int) -> Awaitable[Report]:
        return fairness.delay_under_load(folder, backlog=events, seed=seed, rounds=6, judged=judged)

    return scenario


SCENARIOS: dict[str, tuple[Scenario, int]] = {
    "kills": (_kills, 5_000),
    "store": (_store, 3_000),
    "temporal": (_temporal, 3_000),
    "rate-limit": (_model(outages.rate_limited, _RATE_LIMITED_SECONDS), 2_000),
    "errors": (_model(outages.broken, _BAD_SECONDS), 2_000),
    "garbage": (_model(outages.garbage, _BAD_SECONDS), 2_000),
    "hangs": (_model(outages.hanging, _HANGING_SECONDS), 1_000),
    "arrivals": (_arrivals, 3_000),
    "late": (_late, 2_000),
    "soak": (_soak, 20_000),
    "reports": (_reports, 30),
    "fairness": (_fairness(judged=True), 20_000),
    "fairness-hog": (_fairness(judged=False), 20_000),
}
"""Name → what it runs, and with how many events unless another number is asked for."""


def main() -> None:
    """Run a scenario so many times, each with a seed of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--events", type=int, default=0, help="0: as many as the scenario is meant for")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    arguments = parser.parse_args()
    scenario, events = SCENARIOS[arguments.scenario]
    wrong = 0
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        wrong += _round(scenario, arguments.events or events, seed)
    sys.stdout.write(f"{arguments.rounds - wrong} of {arguments.rounds} rounds without a violation\n")
    sys.exit(1 if wrong else 0)


def _round(scenario: Scenario, events: int, seed: int) -> bool:
    """One run in a folder of its own; returns whether anything was wrong."""
    began = time.monotonic()

    async def run(folder: Path) -> Report:
        return await scenario(folder, events, seed)

    with tempfile.TemporaryDirectory(prefix="assay-chaos-") as folder:
        report = asyncio.run(run(Path(folder)))
    took = round(time.monotonic() - began, 1)
    line = {**report.figures, "run_seconds": took, "violations": report.violations}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return bool(report.violations)


if __name__ == "__main__":
    main()
