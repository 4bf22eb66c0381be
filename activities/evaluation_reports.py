"""Activities of `evaluation-report`: what was decided about a report, and what is written back into it.

The registry's row says when a report is due next. Who handles an occurrence claims it: the row moves to the
next one, so that whatever crashes later, the same occurrence is not handled twice.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from temporalio import activity

from assay.contracts.evaluation_reports import EvaluationReport, ReportFrequency
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_refs import ReportRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_workflows import (
    AdmittedRun,
    ClaimedOccurrence,
    ClaimOccurrence,
    CountInput,
    MarkReported,
    RecalledRuns,
    RecallRuns,
    RecordedAdmission,
    ReportPlan,
)
from assay.ports import Registry, ReportData
from assay.ports.report_data import Window
from assay.temporal.heartbeat import heartbeating
from schedules.admission import MEMORY, remembered
from schedules.evaluation_reports import following_occurrence
from schedules.zones import time_zone

REPORTABLE: Final = frozenset({"boolean", "sentiment"})
"""Output types of evaluations that there are reports on."""

_INSTANT: Final = timedelta(microseconds=1)
_GONE: Final = ReportPlan(is_live=False, is_gone=True)


class EvaluationReportActivities:
    """Plans, recalls, counts, claims and marks.

    Args:
        data: what reports read of the event store; asked in a thread, because it blocks.
    """

    def __init__(self, *, registry: Registry, data: ReportData) -> None:
        self._registry = registry
        self._data = data

    @activity.defn(name="plan-report")
    async def plan(self, report: ReportRef) -> ReportPlan:
        """What the workflow of a report goes by; a local activity, so it only reads.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        stored = await self._registry.evaluation_reports.get(report.project_id, report.report_id)
        if stored is None:
            return _GONE
        evaluation = await self._registry.evaluations.get(report.project_id, stored.evaluation_id)
        return _GONE if evaluation is None else _plan(stored, evaluation)

    @activity.defn(name="recall-report-runs")
    async def recall(self, given: RecallRuns) -> RecalledRuns:
        """What is to be remembered of the runs that are stored; a local activity, too.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        report = given.report
        runs = await self._registry.report_calendar.history(
            report.project_id, report.report_id, given.now - MEMORY
        )
        recalled = remembered(runs, given.now)
        running = recalled.gate.running
        if running is None:
            return recalled
        row = next(run for run in runs if run.run_id == running.run_id)
        evaluation = await self._registry.evaluations.get(report.project_id, row.evaluation_id)
        name = "" if evaluation is None else evaluation.name
        return recalled.model_copy(update={"running": _admission(report, row, name)})

    @activity.defn(name="count-results")
    async def count(self, window: CountInput) -> int:
        """How many results arrived in a window.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        async with heartbeating():
            return await asyncio.to_thread(self._data.count, Window(**window.model_dump()))

    @activity.defn(name="claim-occurrence")
    async def claim(self, given: ClaimOccurrence) -> ClaimedOccurrence:
        """Move a report that is due to its next occurrence; nobody can claim the same one again.

        One run covers whatever has passed: where further occurrences have, its period ends now. What was due
        while the evaluation was switched off leads to no run.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            project_id, report_id = given.report.project_id, given.report.report_id
            stored = await self._registry.evaluation_reports.get(project_id, report_id)
            if stored is None or not stored.enabled:
                return ClaimedOccurrence()
            if given.live_since is not None and given.due < given.live_since:
                return await self._pass_over(stored, given, given.live_since)
            now = max(given.now, activity.info().started_time)  # an outage may lie between the two
            until, following = await asyncio.to_thread(_claimed, stored, given.due, now)
            if await self._registry.report_calendar.claim_due(
                project_id, report_id, due=given.due, following=following
            ):
                return ClaimedOccurrence(until=until)
            if activity.info().attempt == 1 or not await asyncio.to_thread(_was_claimed, stored, given, now):
                return ClaimedOccurrence()
            # When the attempt was made whose answer got lost is not known; it was not before this.
            until, _ = await asyncio.to_thread(_claimed, stored, given.due, given.now)
            return ClaimedOccurrence(until=until)

    async def _pass_over(
        self, report: EvaluationReport, given: ClaimOccurrence, live_since: datetime
    ) -> ClaimedOccurrence:
        """Move a report to its first occurrence since the evaluation is switched on."""
        following = await asyncio.to_thread(following_occurrence, report, live_since)
        is_ours = await self._registry.report_calendar.claim_due(
            report.project_id, report.id, due=given.due, following=following
        )
        is_ours |= activity.info().attempt > 1 and report.next_delivery_date == following
        return ClaimedOccurrence(is_passed_over=is_ours)

    @activity.defn(name="mark-reported")
    async def mark(self, given: MarkReported) -> None:
        """Remember up to where results are reported; the mark never moves back.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            await self._registry.report_calendar.set_reported_until(
                given.report.project_id, given.report.report_id, given.until
            )


def _admission(report: ReportRef, row: AdmittedRun, evaluation_name: str) -> RecordedAdmission:
    """What a run was, or is still to be, started with."""
    run = ReportRunInput(
        report=report,
        run_id=row.run_id,
        trigger=row.trigger,
        since=row.period_start if row.period_start < row.period_end else None,
        until=row.period_end,
        admitted_at=row.admitted_at,
    )
    return RecordedAdmission(run=run, evaluation_id=row.evaluation_id, evaluation_name=evaluation_name)


def _plan(report: EvaluationReport, evaluation: Evaluation) -> ReportPlan:
    by_results = report.frequency is ReportFrequency.EVERY_N
    due = None if by_results else report.next_delivery_date
    return ReportPlan(
        is_live=report.enabled and evaluation.enabled and evaluation.output_type in REPORTABLE,
        evaluation_id=evaluation.id,
        evaluation_name=evaluation.name,
        due=due,
        threshold=report.trigger_threshold if by_results else None,
        cooldown_minutes=report.cooldown_minutes,
        daily_run_cap=report.daily_run_cap,
        reported_until=report.last_delivered_at,
        # A scheduled report's first period is one cadence long, which its run works out.
        anchor=(report.starts_at or report.created_at) if by_results else None,
        live_since=evaluation.active_since,
        wording=_wording(report),
        due_wording="" if due is None else _in_zone(due, report.timezone_name),
    )


def _wording(report: EvaluationReport) -> str:
    if report.frequency is ReportFrequency.EVERY_N:
        return f"every {report.trigger_threshold} new results"
    return f"{report.rrule} in {report.timezone_name}"


def _in_zone(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(time_zone(zone)):%a %Y-%m-%d %H:%M %Z} ({zone})"


def _claimed(report: EvaluationReport, due: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """Where the period of an occurrence ends, and when the next one is."""
    following = following_occurrence(report, due)
    if following is None or following > now:
        return due, following
    return now, following_occurrence(report, now)


def _was_claimed(report: EvaluationReport, given: ClaimOccurrence, now: datetime) -> bool:
    """Whether the row is as an attempt between `given.now` and now would have left it."""
    following, latest = report.next_delivery_date, _claimed(report, given.due, now)[1]
    if following is None or following == latest:
        return following == latest
    earliest = _claimed(report, given.due, given.now)[1]
    is_between = earliest is not None and earliest <= following and (latest is None or following < latest)
    return is_between and following_occurrence(report, following - _INSTANT) == following
