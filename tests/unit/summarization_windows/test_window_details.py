"""What people read about a window in the Temporal UI."""

from __future__ import annotations

from datetime import UTC, datetime

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization_windows import SkipReason, WindowCounts, WindowPlan, WindowProgress
from assay.domain.summary_windows import HOUR, Window
from assay.domain.window_details import window_details

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
WINDOW = Window(NOON - HOUR, NOON, 0)
PLAN = WindowPlan(level=AnalysisLevel.TRACE, job_name="A *bold* job", queried=40)


def test_progress_and_what_came_of_the_items() -> None:
    counts = WindowCounts(
        queried=40, sampled=9, summarised=3, cached=2, skipped={"trace_too_large": 1}, cost_usd=0.5
    )
    shown = window_details(WINDOW, PLAN, counts, None)
    assert "Summarises 2026-03-29 11:00 to 12:00 UTC: 6 of 9 done" in shown
    assert r"**A \*bold\* job**" in shown
    assert "| Summarised now | 3 ($0.500000) |" in shown
    assert "| Skipped: too large | 1 |" in shown
    done = counts + WindowCounts(failed={"model_not_found": 3}, cost_usd=None)
    shown = window_details(WINDOW, PLAN, done, None)
    assert shown.startswith("## ⚠️ 2026-03-29 11:00 to 12:00 UTC is summarised")
    assert "| Failed: `model_not_found` | 3 |" in shown
    assert "price unknown" in shown


def test_why_an_hour_is_skipped() -> None:
    for reason in (SkipReason.NO_CONSENT, SkipReason.JOB_OFF, SkipReason.NO_MODEL):
        shown = window_details(WINDOW, WindowPlan(skip=reason), WindowCounts(), None)
        assert "is skipped" in shown
        assert reason not in shown


def test_the_hours_before() -> None:
    before = WindowProgress(
        mark=NOON - HOUR, windows=3, passed_over=2, counts=WindowCounts(summarised=5, cached=1)
    )
    shown = window_details(WINDOW, None, WindowCounts(), before)
    assert "Draws a sample of 2026-03-29 11:00 to 12:00 UTC" in shown
    assert "worked off before in this run: 3, with 6 summaries; done up to 2026-03-29 11:00 UTC" in shown
    assert "too long ago: 2 hours" in shown
    assert "no hour to work off" in window_details(None, None, WindowCounts(), None)
