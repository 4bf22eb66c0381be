"""Activities of `reconcile`: find out what is wrong, put it right, tell about it.

All of it can be done again: batches judge only what has no verdict, streams claim only what nobody claimed.
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.exceptions import TemporalError

from activities.batch_runs import BatchRuns
from activities.evaluation_states import EvaluationStates
from activities.reconcile_survey import PAGE, ProjectSurvey
from activities.streams import Streams
from assay.contracts.evaluation_batches import BatchFinished, BatchTally, ClaimPageInput, Origin
from assay.contracts.reconcile import (
    Findings,
    ListProjectsInput,
    ProjectList,
    ReconcileTotals,
    RepairInput,
    Repairs,
    Survey,
    SurveyInput,
    Sweep,
)
from assay.domain.eligibility import NOT_RUNNING
from assay.domain.reconcile.arrivals import finished
from assay.errors import WorkError
from assay.ports import EvaluationTargets, Registry
from assay.temporal.failures import failure_code
from assay.temporal.heartbeat import heartbeating
from assay.temporal.ids import sweep_dispatch_id
from assay.temporal.metrics import (
    RECONCILE_DRIFT,
    RECONCILE_FAILED,
    RECONCILE_GAPS,
    RECONCILE_LAST_RUN,
    RECONCILE_MISSED,
    RECONCILE_REDRIVEN,
)

MAX_PAGES: Final = 200
"""A sweep that needs more pages goes on in the next run."""

log = structlog.get_logger(__name__)


class ReconcileActivities:
    """Surveys projects, repairs them, and counts.

    Args:
        page: claims to compare together.
        pages: of arrivals that one run has claimed per project.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        targets: EvaluationTargets,
        states: EvaluationStates,
        streams: Streams,
        runs: BatchRuns,
        page: int = PAGE,
        pages: int = MAX_PAGES,
    ) -> None:
        self._registry = registry
        self._pages = pages
        self._targets = targets
        self._streams = streams
        self._runs = runs
        self._survey = ProjectSurvey(
            registry=registry, targets=targets, states=states, streams=streams, runs=runs, page=page
        )

    @activity.defn(name="list-projects-to-reconcile")
    async def list_projects(self, given: ListProjectsInput) -> ProjectList:
        """Projects with active evaluations or recent claims.

        Raises:
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            active = await self._registry.evaluations.projects_with_active()
            claiming = await asyncio.to_thread(self._targets.claiming_projects, since=given.claiming_since)
            return ProjectList(projects=tuple(sorted({*active, *claiming})))

    @activity.defn(name="survey-projects")
    async def survey(self, given: SurveyInput) -> Survey:
        """What is wrong in some projects; one that cannot be looked at does not keep the others from it.

        Raises:
            WorkError, TemporalError: none of them could be looked at.
        """
        async with heartbeating():
            findings: list[Findings] = []
            errors: list[Exception] = []
            for project_id, mark in given.marks.items():
                try:
                    found = await self._survey.look(project_id, mark, now=given.now, gaps=given.gaps)
                except (WorkError, TemporalError) as error:
                    log.warning("project not surveyed", project_id=project_id, reason=str(error))
                    errors.append(error)
                    found = Findings(project_id=project_id, mark=mark, failure=_code(error))
                findings.append(found)
            if errors and len(errors) == len(findings):
                raise errors[0]
            return Survey(findings=tuple(findings))

    @activity.defn(name="repair-project")
    async def repair(self, given: RepairInput) -> Repairs:
        """Put a project right.

        Raises:
            StoreUnavailable: a store did not answer.
            TemporalError: Temporal did not, or the stream could not claim.
        """
        async with heartbeating():
            for batch in given.lost:
                tally = BatchTally(size=batch.size, stopped=NOT_RUNNING)
                await self._streams.tell_finished(BatchFinished(ref=batch.ref, tally=tally))
            if given.wake:
                await self._streams.wake(given.project_id)
            started = [await self._runs.start(gap.batch, gap.origin) for gap in given.gaps]
            missed, sweeps = await self._sweep_all(given)
        return Repairs(
            redriven=sum(started),
            missed=missed,
            released=len(given.lost),
            woken=int(given.wake),
            sweeps=sweeps,
        )

    @activity.defn(name="report-reconcile")
    async def report(self, totals: ReconcileTotals) -> None:
        """Count and log what a run came to."""
        RECONCILE_GAPS.inc(totals.missing)
        RECONCILE_REDRIVEN.inc(totals.redriven)
        RECONCILE_MISSED.inc(totals.missed)
        RECONCILE_DRIFT.labels("stream_woken").inc(totals.woken)
        RECONCILE_DRIFT.labels("batch_released").inc(totals.released)
        RECONCILE_FAILED.inc(totals.failed)
        RECONCILE_LAST_RUN.set_to_current_time()
        log.info("reconciled", outcome=totals.outcome, **totals.model_dump())

    async def _sweep_all(self, given: RepairInput) -> tuple[int, dict[UUID, Sweep]]:
        """Arrivals that were claimed, and where each sweep stands."""
        missed, pages = 0, self._pages
        sweeps: dict[UUID, Sweep] = {}
        for evaluation_id, sweep in given.sweeps.items():
            stands = sweep
            while pages > 0 and stands.since < stands.until:
                pages -= 1
                claimed, stands = await self._sweep(given.project_id, evaluation_id, stands)
                missed += claimed
            sweeps[evaluation_id] = stands
        return missed, sweeps

    async def _sweep(self, project_id: int, evaluation_id: UUID, sweep: Sweep) -> tuple[int, Sweep]:
        """Have one page claimed and start what came of it: targets claimed, and where the sweep stands."""
        page = await self._streams.claim_page(
            ClaimPageInput(
                project_id=project_id,
                evaluation_id=evaluation_id,
                dispatch_id=sweep_dispatch_id(evaluation_id, sweep.since, sweep.until, sweep.before),
                origin=Origin.LIVE,
                since=sweep.since,
                until=sweep.until,
                before=sweep.before,
            ),
            attempt=activity.info().attempt,
        )
        for batch in page.batches:
            await self._runs.start(batch, Origin.LIVE)
        claimed = sum(batch.size for batch in page.batches)
        # An evaluation that judges nothing has missed nothing: it begins anew when it goes on.
        if page.stopped is not None or page.before is None:
            return claimed, finished(sweep)
        return claimed, sweep.model_copy(update={"before": page.before})


def _code(error: Exception) -> str:
    return error.code if isinstance(error, WorkError) else failure_code(error)
