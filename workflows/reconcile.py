"""`reconcile`: compares what was sampled with its verdicts, and what arrived with what was sampled.

It sees to the Schedules of clustering jobs as well, which follow the registry.

Id: `reconcile-{time}`, started by the Temporal Schedule `reconcile`, one at a time.
Messages: none. Timers: none. It goes on from the marks in the result of the run before, which the Schedule
hands over; a run that failed hands over those that it was given itself.
Failure: a store that is away is waited for, for half an hour. A project in which something goes wrong is told
in the report and keeps its mark, so that the next run tries again; the others are none the worse for it.
Schedules of clustering jobs that cannot be looked after are told of, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import batched

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.job_workflows import JobWorkflowActivities
from activities.reconcile import ReconcileActivities
from assay.contracts.reconcile import (
    Findings,
    ListProjectsInput,
    ProjectMark,
    ProjectReport,
    ReconcileInput,
    ReconcileResult,
    RepairInput,
    Repairs,
    SurveyInput,
)
from assay.contracts.summarization_windows import SchedulesKept
from assay.domain.reconcile.arrivals import with_sweeps
from assay.domain.reconcile.claims import allot
from assay.domain.reconcile.marks import first_marks, mark_of, next_marks, projects_with
from assay.domain.reconcile.reports import project_report, repair_summary, report_details, totals
from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.retry import NEVER_RETRY, Budget
from assay.temporal.search_attributes import OUTCOME

_BUDGET = Budget(
    attempt=timedelta(minutes=5),
    # Not for ever: the next run begins where this one began.
    total=timedelta(minutes=30),
    retry=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2,
        maximum_interval=timedelta(seconds=30),
        non_retryable_error_types=NEVER_RETRY,
    ),
    heartbeat=timedelta(seconds=15),
)
_PROJECTS_TOGETHER = 25
"""Projects per survey, so that many idle ones cost few activities."""
_SURVEYS = 4
_REPAIRS = 8


@workflow.defn(name="reconcile")
class Reconcile:
    """Survey all projects, repair those that need it, report."""

    @workflow.run
    async def run(self, given: ReconcileInput) -> ReconcileResult:
        """Reconcile once.

        Raises:
            ApplicationError: the projects could not even be listed; its type is a code of `assay.errors`.
        """
        keeps_schedules = workflow.patched("job-schedules")
        now = workflow.now()
        before = workflow.get_last_completion_result(ReconcileResult)
        marks = before.marks if before else first_marks(now)
        try:
            listed = await workflow.execute_activity_method(
                ReconcileActivities.list_projects,
                ListProjectsInput(claiming_since=marks.compared),
                summary="List projects with active evaluations or claims",
                **_BUDGET.options,
            )
        except ActivityError as error:
            raise _failed(error) from error
        project_marks = {
            project_id: mark_of(marks, project_id, now)
            for project_id in projects_with(marks, listed.projects)
        }
        findings = await self._survey(project_marks, now=now, gaps=given.redrives)
        repaired = await self._repair(findings, redrives=given.redrives)
        reports = [report for report, _ in repaired]
        kept = await self._keep_schedules() if keeps_schedules else None
        result = ReconcileResult(
            marks=next_marks({report.project_id: mark for report, mark in repaired}, now),
            totals=totals(reports),
            schedules=kept,
        )
        workflow.set_current_details(report_details(reports, result.marks, kept))
        workflow.upsert_search_attributes([OUTCOME.value_set(result.outcome)])
        await workflow.execute_activity_method(
            ReconcileActivities.report, result.totals, summary="Count and log", **_BUDGET.options
        )
        return result

    async def _survey(self, marks: dict[int, ProjectMark], *, now: datetime, gaps: int) -> list[Findings]:
        turns = asyncio.Semaphore(_SURVEYS)

        async def survey(project_ids: Sequence[int]) -> tuple[Findings, ...]:
            mine = {project_id: marks[project_id] for project_id in project_ids}
            async with turns:
                try:
                    surveyed = await workflow.execute_activity_method(
                        ReconcileActivities.survey,
                        SurveyInput(now=now, marks=mine, gaps=gaps),
                        summary=f"Look at {len(mine)} projects from {project_ids[0]} on",
                        **_BUDGET.options,
                    )
                except ActivityError as error:
                    code = _code(error)
                    return tuple(
                        Findings(project_id=project_id, mark=mark, failure=code)
                        for project_id, mark in mine.items()
                    )
            return surveyed.findings

        chunks = await asyncio.gather(*(survey(some) for some in batched(marks, _PROJECTS_TOGETHER)))
        return [found for chunk in chunks for found in chunk]

    async def _repair(
        self, findings: Sequence[Findings], *, redrives: int
    ) -> list[tuple[ProjectReport, ProjectMark]]:
        turns = asyncio.Semaphore(_REPAIRS)
        gaps = allot({found.project_id: found.gaps for found in findings}, redrives)

        async def repair(found: Findings) -> tuple[ProjectReport, ProjectMark]:
            order = RepairInput(
                project_id=found.project_id,
                gaps=gaps.get(found.project_id, ()),
                lost=found.lost,
                wake=bool(found.stream_fault),
                sweeps=found.sweeps,
            )
            if order == RepairInput(project_id=found.project_id):
                return project_report(found, None), found.mark
            async with turns:
                try:
                    done = await self._repair_project(order)
                except ActivityError as error:
                    return project_report(found, None, _code(error)), found.mark
            return project_report(found, done), with_sweeps(found.mark, done.sweeps)

        return await asyncio.gather(*(repair(found) for found in findings))

    async def _keep_schedules(self) -> SchedulesKept:
        try:
            return await workflow.execute_activity_method(
                JobWorkflowActivities.keep,
                summary="See to the Schedules of clustering jobs",
                **_BUDGET.options,
            )
        except ActivityError as error:
            return SchedulesKept(failure=_code(error))

    async def _repair_project(self, order: RepairInput) -> Repairs:
        return await workflow.execute_activity_method(
            ReconcileActivities.repair, order, summary=repair_summary(order), **_BUDGET.options
        )


def _code(error: ActivityError) -> str:
    """The code of a failure that is one project's alone; a cancellation is everybody's."""
    if is_cancelled_exception(error):
        raise error
    return failure_code(error)


def _failed(error: ActivityError) -> ActivityError | ApplicationError:
    """How a run ends that could not begin."""
    if is_cancelled_exception(error):
        return error
    code, message = failure_code(error), failure_message(error)
    workflow.set_current_details(failure_details(code, message))
    workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
    return ApplicationError(message, type=code, non_retryable=True)
