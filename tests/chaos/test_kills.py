"""Killed at any point, the engine loses no verdict, writes none twice and pays for none twice."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.kills import killed


async def test_killed_while_it_captures_and_judges(tmp_path: Path) -> None:
    report = await killed(tmp_path / "data", events=400, kills=3, seed=7, per_second=100, longest=60)
    assert not report.violations, report
    assert report.figures["kills"] == 3
    assert report.figures["calls_cut_off"]
    assert report.figures["verdicts"] > 250
