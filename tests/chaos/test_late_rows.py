"""Events that the store shows late are judged, too, and once."""

from __future__ import annotations

from pathlib import Path

from tests.chaos import arrivals


async def test_rows_that_are_shown_late(tmp_path: Path) -> None:
    report = await arrivals.shown_late(tmp_path, events=200, seed=2, longest=60)
    assert not report.violations, report
