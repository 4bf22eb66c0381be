"""A large project does not make a small one wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.fairness import SMALL, small_project_first

pytestmark = [pytest.mark.timeout(240), pytest.mark.long]  # whole engines start here, some several times


async def test_ten_events_pass_a_backlog(tmp_path: Path) -> None:
    report = await small_project_first(tmp_path / "data", backlog=1_000, seed=1, longest=60)
    assert not report.violations, report
    assert report.figures["small"] == SMALL
    assert report.figures["backlog_before_small"] < 500
