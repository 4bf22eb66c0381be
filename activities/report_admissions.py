"""Report runs as the registry knows them: admitted before anything begins, and come to nothing."""

from __future__ import annotations

from uuid import UUID

import structlog
from temporalio import activity

from assay.contracts.report_refs import RunRef
from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import GenerationStatus, ReportContent, ReportRun
from assay.contracts.report_workflows import FailedRun, RecordedAdmission
from assay.ports import Registry
from assay.temporal.heartbeat import heartbeating

log = structlog.get_logger(__name__)


class ReportAdmissionActivities:
    """Records admissions and failures; again changes nothing."""

    def __init__(self, *, registry: Registry) -> None:
        self._runs = registry.report_runs

    @activity.defn(name="record-admission")
    async def record(self, given: RecordedAdmission) -> None:
        """Store the row of a run that was admitted, before anything of it begins.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            await self._runs.create(admitted_run(given.run, given.evaluation_id))

    @activity.defn(name="record-failed-run")
    async def record_failure(self, given: RunRef) -> FailedRun:
        """Store that nothing will come of a run, unless its report is stored: then that is the answer.

        Whatever of the run is still alive writes no report after this.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        async with heartbeating():
            run = await self._runs.get(given.project_id, given.run_id)
            if run is None:
                return FailedRun()
            run = await self._runs.write_content(
                run.project_id, run.id, _nothing(run), model=None, cost_usd=await self._cost(run)
            )
            status = None if run.content is None else run.content.generation_status
            log.info("a report run came to nothing", run_id=str(run.id), generation=status)
            return FailedRun(reported_until=run.period_end if status is GenerationStatus.COMPLETED else None)

    async def _cost(self, run: ReportRun) -> float | None:
        entries = await self._runs.transcript(run.project_id, run.id)
        costs = [entry.cost_usd for entry in entries if entry.cost_usd is not None]
        return sum(costs) if costs else None


def admitted_run(given: ReportRunInput, evaluation_id: UUID) -> ReportRun:
    """The row of a run of which nothing is known but its admission."""
    return ReportRun(
        id=given.run_id,
        project_id=given.report.project_id,
        report_id=given.report.report_id,
        evaluation_id=evaluation_id,
        trigger=given.trigger,
        # Where nobody said, an empty period, until `prepare-report-run` works it out: that may have to
        # wait for the event store.
        period_start=given.until if given.since is None else min(given.since, given.until),
        period_end=given.until,
        created_at=given.admitted_at,
    )


def _nothing(run: ReportRun) -> ReportContent:
    """What is left of a run that failed: its numbers, if it had any."""
    metrics = None if run.content is None else run.content.metrics
    return ReportContent(title="", sections=(), metrics=metrics, generation_status=GenerationStatus.FAILED)
