"""Killed at any point, the engine loses no verdict, writes none twice and pays for none twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.kills import killed

pytestmark = pytest.mark.timeout(240)  # whole engines start here, some several times


@pytest.mark.parametrize("kills", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_killed_while_it_captures_and_judges(tmp_path: Path, kills: int) -> None:
    report = await killed(
        tmp_path / "data", events=300, kills=kills, seed=7, per_second=100, latency=0.5, longest=60
    )
    assert not report.violations, report
    assert report.figures["kills"] == kills
    assert report.figures["calls_unanswered_at_kills"]
    assert report.figures["verdicts"] > 200
