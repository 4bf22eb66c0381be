"""Activities of `evaluation-report`: what was decided about a report, and what is written back into it.

The registry's row says when a report is due next. Who handles an occurrence claims it: the row moves to the
next one, so that whatever crashes later, the same occurrence is not handled twice.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from temporalio import activity

from assay.contracts.evaluation_reports import EvaluationReport, ReportFrequency
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_workflows import (
    ClaimedOccurrence,
    ClaimOccurrence,
    CountInput,
    MarkReported,
    ReportPlan,
    ReportRef,
)
from assay.ports import Registry, ReportData
from assay.ports.report_data import Window
from assay.temporal.heartbeat import heartbeating
from schedules.evaluation_reports import following_occurrence
from schedules.zones import time_zone

REPORTABLE: Final = frozenset({"boolean", "sentiment"})
"""Output types of evaluations that there are reports on."""

_GONE: Final = ReportPlan(is_live=False, is_gone=True)


class EvaluationReportActivities:
    """Plans, counts, claims and marks.

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

        One run covers whatever has passed: where further occurrences have, its period ends now.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            project_id, report_id = given.report.project_id, given.report.report_id
            stored = await self._registry.evaluation_reports.get(project_id, report_id)
            if stored is None or not stored.enabled:
                return ClaimedOccurrence()
            until, following = await asyncio.to_thread(_claimed, stored, given.due, given.now)
            if not await self._registry.report_calendar.claim_due(
                project_id, report_id, due=given.due, following=following
            ):
                # An attempt whose answer was lost has left the row as this one would.
                is_ours = activity.info().attempt > 1 and stored.next_delivery_date == following
                return ClaimedOccurrence(until=until if is_ours else None)
            return ClaimedOccurrence(until=until)

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
