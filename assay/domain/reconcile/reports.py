"""What a run of `reconcile` came to, as numbers and as Markdown for the Temporal UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from assay.contracts.reconcile import Findings, Marks, ProjectReport, ReconcileTotals, RepairInput, Repairs
from assay.contracts.summarization_windows import SchedulesKept

MAX_ROWS: Final = 50
"""Projects in the table; the details of a workflow have to stay small."""

_OUTCOME_WORDS = {
    "clean": "✅ clean",
    "repaired": "🔧 repaired",
    "failed": "🛑 failed",
}
_COUNTED = ("missing", "running", "resting", "waiting", "redriven", "missed", "released", "woken")
_HEADINGS = (
    "Project",
    "No verdict",
    "running",
    "resting",
    "waiting",
    "Batches started",
    "Arrivals missed",
    "Batches released",
    "Stream woken",
    "Failure",
)


def project_report(found: Findings, done: Repairs | None, failure: str = "") -> ProjectReport:
    """The numbers of one project.

    Args:
        done: None if nothing was to be done, or if it failed.
        failure: code of why it failed.
    """
    done = done or Repairs()
    return ProjectReport(
        project_id=found.project_id,
        missing=found.missing,
        running=found.running,
        resting=found.resting,
        waiting=found.waiting,
        redriven=done.redriven,
        missed=done.missed,
        released=done.released,
        woken=done.woken,
        failure=failure or found.failure,
    )


def totals(reports: Sequence[ProjectReport]) -> ReconcileTotals:
    """The numbers of all projects together."""
    return ReconcileTotals(
        projects=len(reports),
        failed=sum(bool(report.failure) for report in reports),
        **{name: sum(getattr(report, name) for report in reports) for name in _COUNTED},
    )


def repair_summary(order: RepairInput) -> str:
    """One line for the activity that puts a project right."""
    parts = {
        "start {} batches": len(order.gaps),
        "release {} batches": len(order.lost),
        "wake the stream": int(order.wake),
        "look through the arrivals of {} evaluations again": len(order.sweeps),
    }
    told = ", ".join(words.format(count) for words, count in parts.items() if count)
    return f"Project {order.project_id}: {told}"


def report_details(
    reports: Sequence[ProjectReport], marks: Marks, schedules: SchedulesKept | None = None
) -> str:
    """What was found and done, as Markdown: a table of the projects in which there was anything.

    Args:
        schedules: of clustering jobs; None: they were not looked after.
    """
    total = totals(reports)
    not_kept = schedules is not None and (schedules.failure or schedules.runs_failure)
    outcome = "failed" if not_kept else total.outcome
    told = [report for report in reports if _tells(report)]
    lines = [
        f"## {_OUTCOME_WORDS[outcome]}",
        "",
        f"Projects looked at: {total.projects}. Claims made before {_instant(marks.compared)} were compared "
        f"with verdicts, arrivals before {_instant(marks.swept)} with claims; projects that are "
        f"behind that: {len(marks.projects)}.",
    ]
    if told:
        lines += ["", _row(_HEADINGS), _row("---" for _ in _HEADINGS), *map(_project_row, told[:MAX_ROWS])]
    if len(told) > MAX_ROWS:
        lines += ["", f"… and {len(told) - MAX_ROWS} more projects."]
    if schedules is not None:
        lines += ["", _schedule_line(schedules)]
    return "\n".join(lines)


def _schedule_line(kept: SchedulesKept) -> str:
    schedules = (
        f"Schedules of clustering jobs were not looked after: `{kept.failure}`."
        if kept.failure
        else f"Schedules of clustering jobs: {kept.schedules}; made or changed: {kept.changed}, "
        f"deleted: {kept.deleted}."
    )
    if kept.runs_failure:
        return f"{schedules} Their runs were not looked at: `{kept.runs_failure}`."
    lost = f" Runs of them that had ended without a word: {kept.runs_closed}." if kept.runs_closed else ""
    return schedules + lost


def _tells(report: ProjectReport) -> bool:
    return bool(report.failure) or any(getattr(report, name) for name in _COUNTED)


def _project_row(report: ProjectReport) -> str:
    numbers = (str(getattr(report, name) or "–") for name in _COUNTED)
    failure = f"`{report.failure}`" if report.failure else "–"
    return _row([str(report.project_id), *numbers, failure])


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _instant(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
