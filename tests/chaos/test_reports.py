"""Killed at any step, a report run comes to its end: one row, one event, each recipient once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.reports import killed_at, killed_at_every_step
from tests.chaos.reports_partners import ARRIVED, ASKED, REPLY
from tests.chaos.reports_world import SLACK
from tests.harness.step_gate import AFTER, Step

_STEPS = (
    Step("ask-report-author 6", ASKED),
    Step("finish-report", AFTER),
    Step(f"deliver-report {SLACK}", ARRIVED.format(REPLY)),
)


@pytest.mark.timeout(240)  # whole engines start here
async def test_killed_where_it_matters(tmp_path: Path) -> None:
    report = await killed_at(tmp_path / "data", _STEPS, results=12, seed=1, longest=60)
    assert not report.violations, report
    assert sorted(report.figures["steps"]) == sorted(map(str, _STEPS))


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_killed_at_every_step(tmp_path: Path) -> None:
    report = await killed_at_every_step(tmp_path / "data", results=30, seed=1, reports=10, longest=120)
    assert not report.violations, report
