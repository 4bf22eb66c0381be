"""Events that the store shows late are judged, too, and once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import arrivals

pytestmark = [pytest.mark.timeout(240), pytest.mark.long]  # whole engines start here, some several times


async def test_rows_that_are_shown_late(tmp_path: Path) -> None:
    report = await arrivals.shown_late(tmp_path, events=200, seed=2, longest=60)
    assert not report.violations, report
