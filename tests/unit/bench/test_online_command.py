"""`assay bench online`, as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.adapters.hog.processes import HogProcesses
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import HogOutcome, HogTarget
from assay.runtime.bench.online.traffic import PROGRAM, generations
from assay.runtime.cli import cli
from tests.harness.hog import hog_processes


@pytest.mark.long
def test_a_case_prints_one_object(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["bench", "online", "--case", "trickle", "--seconds", "2"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["bench"] == "online"
    assert list(found["cases"]) == ["trickle"]
    assert found["cases"]["trickle"]["events"] == 200
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--case", "nothing"], "'nothing' is not one of 'hog', 'judge', 'latency', 'trickle', 'fairness'"),
        (["--events", "10"], "10 is not in the range x>=1000"),
    ],
    ids=["case", "events"],
)
def test_what_cannot_be_measured_is_refused(arguments: list[str], complaint: str) -> None:
    done = CliRunner().invoke(cli, ["bench", "online", *arguments])
    assert done.exit_code == 2
    assert complaint in " ".join(done.stderr.split())


async def test_the_traffic_brings_both_verdicts() -> None:
    async with hog_processes() as processes:
        found = await _verdicts(processes)
    assert 0.1 < found.count(False) / len(found) < 0.5


async def _verdicts(processes: HogProcesses) -> list[bool]:
    program = await processes.compile(PROGRAM, owner="test")
    targets = [
        HogTarget(raw["uuid"], raw["event"], raw["distinct_id"], raw["timestamp"], raw["properties"])
        for raw in generations(200)
    ]
    outcomes = await processes.evaluate(program, targets, owner="test", allows_na=False, limits=Limits())
    found = []
    for outcome in outcomes:
        assert isinstance(outcome, HogOutcome)
        assert outcome.fault is None
        assert isinstance(outcome.verdict, bool)
        found.append(outcome.verdict)
    return found


def test_traffic_repeats_and_is_as_large_as_it_says() -> None:
    one, other = generations(500), generations(500)
    for event in [*one, *other]:
        del event["timestamp"]
    assert one == other
    assert len({event["uuid"] for event in one}) == 500
    assert 1_500 < sum(len(json.dumps(event)) for event in one) / 500 < 2_500
