"""How far a backfill is, what is left, and what people read about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from assay.contracts.evaluation_backfills import (
    BackfillProgress,
    BackfillState,
    BackfillStatus,
    EvaluationBackfillInput,
)
from assay.contracts.evaluation_batches import BatchTally
from assay.contracts.evaluations import EvaluationType
from assay.domain.backfill_details import (
    backfill_facts,
    backfill_summary,
    page_summary,
    progress_details,
)
from assay.domain.backfill_progress import progress_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BACKFILL = EvaluationBackfillInput(
    project_id=1,
    backfill_id=UUID("6f2f3754-8f04-44e7-9f77-bef009b634a7"),
    evaluation_id=UUID("0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10"),
    evaluation_name="Is it *polite*?",
    evaluation_type=EvaluationType.LLM_JUDGE,
    since=NOW - timedelta(days=20),
    until=NOW,
    requested_by="ann@example.com",
    requested_at=NOW,
)


def progress(tally: dict[str, Any] | None = None, **fields: Any) -> BackfillProgress:
    """After 100 seconds of running."""
    state = {"active_since": NOW - timedelta(seconds=100), "tally": BatchTally(**(tally or {})), **fields}
    return progress_of(BACKFILL, BackfillState(**state), NOW)


def test_a_claimed_target_is_through_when_its_batch_is() -> None:
    tally = {"size": 200, "outcomes": {"pass": 180, "fail": 20}, "cost_usd": 2.0}
    found = progress(tally, total=4_000, seen=1_600, known=100, claimed=800)
    assert (found.judged, found.outstanding, found.filtered) == (200, 600, 700)
    assert found.done == 0.25
    # 1,000 targets took 100 seconds, 3,000 are left.
    assert found.remaining_seconds == 300
    # 600 are claimed, half of the 2,400 unseen will be, at a cent each.
    assert found.remaining_cost_usd == pytest.approx(18.0)


def test_verdicts_of_unknown_price_do_not_make_the_others_cheaper() -> None:
    tally = {"size": 100, "outcomes": {"pass": 100}, "cost_usd": 0.5, "unpriced": 50}
    assert progress(tally, total=200, seen=100, claimed=100).remaining_cost_usd == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("tally", "fields"),
    [
        ({}, {"total": 1_000}),
        ({"size": 10, "outcomes": {"pass": 10}}, {"total": None, "seen": 10, "claimed": 10}),
        ({"size": 9, "outcomes": {"pass": 9}, "unpriced": 9}, {"total": 99, "seen": 9, "claimed": 9}),
    ],
    ids=["nothing judged", "not counted", "no price known"],
)
def test_the_cost_that_is_left_is_unknown(tally: dict[str, Any], fields: dict[str, Any]) -> None:
    assert progress(tally, **fields).remaining_cost_usd is None


def test_a_program_costs_nothing() -> None:
    tally = {"size": 10, "outcomes": {"pass": 10}}
    assert progress(tally, total=100, seen=10, claimed=10).remaining_cost_usd == 0.0


def test_a_window_that_grew_is_not_through_before_its_end() -> None:
    """Generations of long ago arrived while it ran."""
    found = progress({"size": 100}, total=50, seen=120, claimed=120)
    assert (found.done, found.remaining_cost_usd) == (pytest.approx(100 / 120), None)


@pytest.mark.parametrize("status", [status for status in BackfillStatus if status.has_ended])
def test_nothing_is_left_at_the_end(status: BackfillStatus) -> None:
    found = progress({"size": 5, "outcomes": {"pass": 5}}, status=status, total=20, seen=5, claimed=5)
    assert (found.remaining_seconds, found.remaining_cost_usd) == (0.0, 0.0)
    assert found.done == (1.0 if status is BackfillStatus.COMPLETED else 0.25)


def test_what_the_temporal_ui_shows_of_the_request() -> None:
    assert backfill_summary(BACKFILL) == ("“Is it *polite*?” on 2026-11-01 12:00 UTC – 2026-11-21 12:00 UTC")
    facts = backfill_facts(BACKFILL)
    assert r"**Is it \*polite\*?** `0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10`" in facts
    assert "ann@example.com" in facts
    long_name = BACKFILL.model_copy(update={"evaluation_name": "評" * 200})
    assert len(backfill_summary(long_name).encode()) <= 400
    assert page_summary(3, NOW) == "Claim page 3: before 2026-11-21 12:00 UTC"


def test_what_the_temporal_ui_shows_of_the_progress() -> None:
    tally = {
        "size": 200,
        "outcomes": {"pass": 180, "skipped": 20},
        "skip_reasons": {"trace_errored": 20},
        "cost_usd": 2.0,
        "unpriced": 1,
        "input_tokens": 12_345,
    }
    shown = progress_details(progress(tally, total=4_000, seen=1_600, claimed=800))
    assert shown.startswith("## ▶️ running\n\n`█████░░░░░░░░░░░░░░░` 25 %, about 0:05:00 left, about $")
    assert "| Looked at | 1,600 of 4,000 |" in shown
    assert "| Judged | **200** 180 pass, 20 skipped |" in shown
    assert r"| Skipped because of | 20 trace\_errored |" in shown
    assert "| Cost | $2.00, and 1 of unknown price |" in shown


def test_the_temporal_ui_tells_why_a_backfill_rests() -> None:
    shown = progress_details(
        progress(status=BackfillStatus.PAUSED, reason="hog_error", last_error="a <b> went wrong")
    )
    assert shown.startswith("## ⏸️ paused: `hog_error`\n\n> a \\<b\\> went wrong\n\n0 generations looked at")
