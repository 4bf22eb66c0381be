"""What people read about a report."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import ReportTrigger
from assay.contracts.report_workflows import Refusal, ReportGate, ReportPlan, ReportState, RunBrief
from assay.domain.report_details import (
    report_summary,
    run_facts,
    run_summary,
    state_details,
    wake_summary,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
REPORT = ReportRef(project_id=1, report_id=UUID(int=7))
SCHEDULED = ReportPlan(
    is_live=True,
    evaluation_id=UUID(int=3),
    evaluation_name="Help*ful",
    due=NOW + timedelta(days=2),
    wording="FREQ=DAILY in Europe/Berlin",
    due_wording="Mon 2026-11-23 13:00 CET (Europe/Berlin)",
)
BY_RESULTS = SCHEDULED.model_copy(
    update={"due": None, "due_wording": "", "threshold": 1_000, "wording": "every 1000 new results"}
)
RUN = RunBrief(run_id=UUID(int=9), trigger=ReportTrigger.THRESHOLD, admitted_at=NOW - timedelta(minutes=10))


def test_the_next_due_time_is_told_with_its_zone() -> None:
    details = state_details(ReportState(plan=SCHEDULED, gate=ReportGate()), NOW)
    assert "2026-11-23 12:00 UTC (Mon 2026-11-23 13:00 CET (Europe/Berlin))" in details
    assert "FREQ=DAILY in Europe/Berlin" in details
    assert r"Help\*ful" in details
    assert wake_summary(SCHEDULED, None) == "Due Mon 2026-11-23 13:00 CET (Europe/Berlin)"


def test_counter_cooldown_cap_and_run_in_flight() -> None:
    gate = ReportGate(accepted_at=NOW - timedelta(minutes=20), cap_day=NOW.date(), cap_used=2, running=RUN)
    details = state_details(ReportState(plan=BY_RESULTS, gate=gate, pending=5, counted=700), NOW)
    assert "**705 of 1,000**, 5 of them only heard of" in details
    assert "60 minutes, until 2026-11-21 12:40 UTC" in details
    assert "2 of 10 used on 2026-11-21 (UTC)" in details
    assert "by new results, since 2026-11-21 11:50 UTC: `00000000-0000-0000-0000-000000000009`" in details


def test_what_has_passed_is_not_told() -> None:
    gate = ReportGate(
        accepted_at=NOW - timedelta(hours=3),
        cap_day=date(2026, 11, 20),
        cap_used=9,
        retry_at=NOW - timedelta(hours=1),
    )
    details = state_details(ReportState(plan=BY_RESULTS, gate=gate), NOW)
    assert "60 minutes, over" in details
    assert "0 of 10 used on 2026-11-21 (UTC)" in details
    assert "Rest after a failure" not in details


def test_last_runs_and_refusals_newest_first() -> None:
    ended = [RUN.model_copy(update={"outcome": outcome}) for outcome in ("first", "second")]
    refused = Refusal(at=NOW, trigger=ReportTrigger.SCHEDULED, reason="daily cap of 3 reached")
    state = ReportState(plan=SCHEDULED, gate=ReportGate(), recent=tuple(ended), refused=(refused,))
    details = state_details(state, NOW)
    assert details.index("second") < details.index("first")
    assert "2026-11-21 12:00 UTC, by its rule: daily cap of 3 reached" in details


def test_headlines() -> None:
    def headline(plan: ReportPlan | None, gate: ReportGate | None = None) -> str:
        return state_details(ReportState(plan=plan, gate=gate or ReportGate()), NOW).splitlines()[0]

    assert "Paused" in headline(SCHEDULED.model_copy(update={"is_live": False}))
    assert "deleted" in headline(ReportPlan(is_live=False, is_gone=True))
    assert "being made" in headline(SCHEDULED, ReportGate(running=RUN))
    assert "ended" in headline(SCHEDULED.model_copy(update={"due": None}))
    assert "0 of 1,000 new results" in headline(BY_RESULTS)
    assert "Looking up" in headline(None)


def test_of_a_report_that_is_gone_only_that_is_told() -> None:
    gone = ReportPlan(is_live=False, is_gone=True)
    details = state_details(ReportState(plan=gone, gate=ReportGate()), NOW)
    assert details == "## 🗑️ The report was deleted, or its evaluation"
    ended = RUN.model_copy(update={"outcome": "delivered"})
    assert "delivered" in state_details(ReportState(plan=gone, gate=ReportGate(), recent=(ended,)), NOW)


def test_a_title_names_the_evaluation_where_it_is_known() -> None:
    assert report_summary(REPORT, "Help\nful") == f"Report on “Help ful” {REPORT.report_id} of project 1"
    assert report_summary(REPORT) == report_summary(REPORT, " ") == f"Report {REPORT.report_id} of project 1"


def test_summaries_are_one_short_line() -> None:
    run = ReportRunInput(
        report=REPORT,
        run_id=RUN.run_id,
        trigger=ReportTrigger.MANUAL,
        since=None,
        until=NOW,
        admitted_at=NOW,
    )
    assert run_summary(run, "a\n" * 300).startswith("Report on “a a")
    for line in (
        report_summary(REPORT, "名" * 300),
        run_summary(run, "名" * 300),
        wake_summary(BY_RESULTS, NOW),
    ):
        assert "\n" not in line
        assert len(line.encode()) < 400
    assert "| Trigger | asked for |" in run_facts(run, "Helpful")
