"""An outage delays verdicts, and that is all it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import outages

pytestmark = pytest.mark.timeout(240)  # whole engines start here, some several times


async def test_the_event_store_refuses_writes_and_loses_answers(tmp_path: Path) -> None:
    report = await outages.store_refuses(tmp_path, events=300, seed=3, seconds=2, per_second=100, longest=60)
    assert not report.violations, report
    assert report.figures["writes_refused"]
    assert report.figures["answers_to_writes_lost"]


@pytest.mark.long
async def test_temporal_is_killed_and_comes_back(tmp_path: Path) -> None:
    report = await outages.temporal_restarts(
        tmp_path, events=300, seed=4, restarts=1, down=1, per_second=100, longest=60
    )
    assert not report.violations, report


@pytest.mark.long
async def test_the_model_has_a_bad_time(tmp_path: Path) -> None:
    spells = [(outages.rate_limited, 2.0), (outages.broken, 1.5), (outages.garbage, 2.0)]
    report = await outages.model_weather(
        tmp_path, events=300, seed=5, spells=spells, longest=60, own_key=True
    )
    assert not report.violations, report
    assert report.figures["answers"]["429"]
