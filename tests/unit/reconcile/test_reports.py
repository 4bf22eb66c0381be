"""What a run tells about itself."""

from __future__ import annotations

from typing import Any

import pytest

from assay.contracts.reconcile import Findings, Marks, ProjectMark, ProjectReport, RepairInput, Repairs, Sweep
from assay.contracts.summarization_windows import SchedulesKept
from assay.domain.reconcile.reports import MAX_ROWS, project_report, repair_summary, report_details, totals
from tests.unit.reconcile.values import EVALUATION, NOW, a_batch, a_gap, ago

MARKS = Marks(compared=ago(minutes=5), swept=ago(minutes=2))


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "clean"),
        ({"running": 3, "waiting": 9, "resting": 1}, "clean"),
        ({"missing": 2, "redriven": 1}, "repaired"),
        ({"missed": 1}, "repaired"),
        ({"released": 1}, "repaired"),
        ({"woken": 1}, "repaired"),
        ({"redriven": 1, "failure": "store_unavailable"}, "failed"),
    ],
    ids=["nothing", "others work on it", "redriven", "missed", "released", "woken", "failed"],
)
def test_a_word_for_the_run(changes: dict[str, object], outcome: str) -> None:
    report = ProjectReport.model_validate({"project_id": 2, **changes})

    assert totals([ProjectReport(project_id=1), report]).outcome == outcome


def test_numbers_of_projects_add_up() -> None:
    mark = ProjectMark(compared=NOW, swept=NOW)
    found = Findings(project_id=1, mark=mark, missing=4, running=3, waiting=2, resting=1)
    done = Repairs(redriven=2, missed=5, released=1, woken=1)
    failed = Findings(project_id=2, mark=mark, failure="timed_out")

    total = totals(
        [project_report(found, done), project_report(failed, None), project_report(found, None, "x")]
    )

    assert (total.projects, total.failed) == (3, 2)
    assert (total.missing, total.running, total.waiting, total.resting) == (8, 6, 4, 2)
    assert (total.redriven, total.missed, total.released, total.woken) == (2, 5, 1, 1)


def test_the_table_shows_projects_with_something_to_tell() -> None:
    quiet, busy = ProjectReport(project_id=1), ProjectReport(project_id=22, missing=7, redriven=2)

    details = report_details([quiet, busy], MARKS)

    assert details.startswith("## 🔧 repaired")
    assert "Claims made before 2026-05-04 11:55:00 UTC" in details
    rows = [line for line in details.splitlines() if line.startswith("| ")]
    assert [row.count("|") for row in rows] == [rows[0].count("|")] * 3
    assert rows[2] == "| 22 | 7 | – | – | – | 2 | – | – | – | – |"


def test_a_run_without_findings_has_no_table() -> None:
    assert "|" not in report_details([ProjectReport(project_id=1)], MARKS)


def test_clustering_runs_that_were_lost_are_told_of() -> None:
    def line(**changes: Any) -> str:
        return report_details([], MARKS, SchedulesKept(schedules=3, **changes)).splitlines()[-1]

    assert line() == "Schedules of clustering jobs: 3; made or changed: 0, deleted: 0."
    assert line(runs_closed=2).endswith("deleted: 0. Runs of them that had ended without a word: 2.")
    assert line(runs_failure="permission_denied").endswith(
        "deleted: 0. Their runs were not looked at: `permission_denied`."
    )
    assert report_details([], MARKS, SchedulesKept(runs_failure="permission_denied")).startswith("## 🛑")


def test_the_table_is_bounded() -> None:
    reports = [ProjectReport(project_id=number, woken=1) for number in range(MAX_ROWS + 20)]

    details = report_details(reports, MARKS)

    assert details.endswith("… and 20 more projects.")
    assert len([line for line in details.splitlines() if line.startswith("| ")]) == MAX_ROWS + 2


def test_a_repair_says_what_it_is_about() -> None:
    sweeps = {EVALUATION: Sweep(since=ago(hours=1), until=NOW)}
    order = RepairInput(project_id=3, gaps=(a_gap(), a_gap("e")), lost=(a_batch(),), sweeps=sweeps)

    assert repair_summary(order) == (
        "Project 3: start 2 batches, release 1 batches, look through the arrivals of 1 evaluations again"
    )
    assert repair_summary(RepairInput(project_id=3, wake=True)) == "Project 3: wake the stream"
