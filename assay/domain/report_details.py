"""What people read about an evaluation report in the Temporal UI."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from assay.contracts.report_reconcile import ReportsRepaired, VerdictsSwept
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import ReportTrigger
from assay.contracts.report_workflows import Refusal, ReportPlan, ReportState, RunBrief
from assay.domain.report_words import period
from assay.domain.run_details import cell, short

_TRIGGER_WORDS: Final = {
    ReportTrigger.MANUAL: "asked for",
    ReportTrigger.SCHEDULED: "by its rule",
    ReportTrigger.THRESHOLD: "by new results",
}


def report_summary(report: ReportRef, evaluation_name: str = "") -> str:
    """One line for the list of workflows.

    Args:
        evaluation_name: as it is when the workflow begins, for the line stays; empty: not known there.
    """
    named = f" on “{short(evaluation_name)}”" if evaluation_name.strip() else ""
    return f"Report{named} {report.report_id} of project {report.project_id}"


def run_summary(run: ReportRunInput, evaluation_name: str) -> str:
    """One line for the list of workflows."""
    return f"Report on “{short(evaluation_name)}”, {_TRIGGER_WORDS[run.trigger]}"


def run_facts(run: ReportRunInput, evaluation_name: str) -> str:
    """What a run is about, as Markdown; fixed for its life."""
    since = "as far as the kind of report goes back" if run.since is None else instant_words(run.since)
    return (
        f"| | |\n|---|---|\n"
        f"| Evaluation | **{cell(evaluation_name)}** |\n"
        f"| Report | `{run.report.report_id}` |\n"
        f"| Trigger | {_TRIGGER_WORDS[run.trigger]} |\n"
        f"| Results from | {since} |\n"
        f"| Results until | {instant_words(run.until)} (exclusive, by their arrival) |\n"
        f"| Admitted | {instant_words(run.admitted_at)} |\n"
        f"| Project | {run.report.project_id} |\n"
    )


def count_summary(since: datetime, until: datetime) -> str:
    """One line for the activity that counts results."""
    return f"Count results of {period(since, until, UTC)}"


def claim_summary(due: datetime) -> str:
    """One line for the activity that claims an occurrence."""
    return f"Claim the report that is due {instant_words(due)}"


def mark_summary(until: datetime) -> str:
    """One line for the activity that moves the mark."""
    return f"Remember that results until {instant_words(until)} are reported"


def wake_summary(plan: ReportPlan, held_until: datetime | None) -> str:
    """One line for the timer of a report.

    Args:
        held_until: set where the timer waits for the end of a cooldown, a day or a rest.
    """
    if plan.due is not None:
        return f"Due {plan.due_wording or instant_words(plan.due)}"[:200]
    if held_until is not None:
        return f"No run before {instant_words(held_until)}"
    return "Count results once in a while, whatever was heard of them"


def state_details(state: ReportState, now: datetime) -> str:
    """How a report stands, as Markdown.

    Args:
        now: the present moment: what has passed is not told.
    """
    plan = state.plan
    if plan is None:
        return "Looking up what was decided about the report …"
    parts = [f"## {_headline(state, plan)}"]
    rows = [
        ("Evaluation", _evaluation(plan)),
        ("Goes by", cell(plan.wording)),
        ("Next due", _next_due(plan)),
        ("New results", _counter(state, plan)),
        ("Cooldown", _cooldown(state, plan, now)),
        ("Daily cap", "" if plan.is_gone else _cap(state, plan, now)),
        ("Rest after a failure", _until(state.gate.retry_at, now)),
        ("Run in flight", _in_flight(state.gate.running)),
        ("Looked at next", "" if state.next_wake is None else instant_words(state.next_wake)),
        ("Reported until", "" if plan.reported_until is None else instant_words(plan.reported_until)),
    ]
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows if value)
    if lines:
        parts.append(f"| | |\n|---|---|\n{lines}")
    if state.recent:
        parts.append("### Last runs\n\n" + "\n".join(map(_run_line, reversed(state.recent))))
    if state.refused:
        parts.append("### Last refusals\n\n" + "\n".join(map(_refusal_line, reversed(state.refused))))
    return "\n\n".join(parts)


def repair_details(repaired: ReportsRepaired, swept: VerdictsSwept | None = None) -> str:
    """What comparing reports with workflows, and verdicts with their arrivals, came to, as Markdown."""
    told = (
        f"## {repaired.started} of {repaired.reports} reports had no workflow\n\n"
        f"{repaired.planned} were planned anew because something had changed. {repaired.ended} workflows "
        f"were told that their report is gone. {repaired.failed} could not be reached and are tried again by "
        "the next run."
    )
    if swept is None:
        return told
    return (
        f"{told}\n\n{swept.restored:,} verdicts that were stored before {instant_words(swept.until)} had no "
        "arrival: no report had counted them, and the next ones do."
    )


def instant_words(instant: datetime) -> str:
    """An instant to the second, in UTC."""
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant.second else f"{instant:%Y-%m-%d %H:%M} UTC"


def _headline(state: ReportState, plan: ReportPlan) -> str:
    if plan.is_gone:
        return "🗑️ The report was deleted, or its evaluation"
    if state.gate.running is not None:
        return "📝 A report is being made"
    if not plan.is_live:
        return "⏸️ Paused: reports are made only when somebody asks"
    if plan.due is not None:
        return f"🗓️ Next report: {cell(plan.due_wording) or instant_words(plan.due)}"
    if plan.threshold is not None:
        return f"🔢 {state.counted + state.pending:,} of {plan.threshold:,} new results"
    return "🏁 Its rule has ended"


def _evaluation(plan: ReportPlan) -> str:
    """Empty where nothing is known of it: the plan of a report that is gone says no more than that."""
    if plan.evaluation_id is None:
        return ""
    return f"**{cell(plan.evaluation_name)}** `{plan.evaluation_id}`"


def _next_due(plan: ReportPlan) -> str:
    if plan.due is None or not plan.is_live:
        return ""
    in_zone = f" ({cell(plan.due_wording)})" if plan.due_wording else ""
    return f"{instant_words(plan.due)}{in_zone}"


def _counter(state: ReportState, plan: ReportPlan) -> str:
    if plan.threshold is None:
        return ""
    heard = f", {state.pending:,} of them only heard of" if state.pending else ""
    return f"**{state.counted + state.pending:,} of {plan.threshold:,}**{heard}"


def _cooldown(state: ReportState, plan: ReportPlan, now: datetime) -> str:
    if plan.threshold is None:
        return ""
    accepted = state.gate.accepted_at
    ends = None if accepted is None else accepted + timedelta(minutes=plan.cooldown_minutes)
    return f"{plan.cooldown_minutes} minutes{', ' + until if (until := _until(ends, now)) else ', over'}"


def _cap(state: ReportState, plan: ReportPlan, now: datetime) -> str:
    used = state.gate.cap_used if state.gate.cap_day == now.date() else 0
    return f"{used} of {plan.daily_run_cap} used on {now:%Y-%m-%d} (UTC)"


def _until(moment: datetime | None, now: datetime) -> str:
    return f"until {instant_words(moment)}" if moment is not None and moment > now else ""


def _in_flight(run: RunBrief | None) -> str:
    if run is None:
        return ""
    return f"{_TRIGGER_WORDS[run.trigger]}, since {instant_words(run.admitted_at)}: `{run.run_id}`"


def _run_line(run: RunBrief) -> str:
    return (
        f"- {instant_words(run.admitted_at)}, {_TRIGGER_WORDS[run.trigger]}: {cell(run.outcome)} "
        f"`{run.run_id}`"
    )


def _refusal_line(refusal: Refusal) -> str:
    return f"- {instant_words(refusal.at)}, {_TRIGGER_WORDS[refusal.trigger]}: {cell(refusal.reason)}"
