"""`reconcile-reports`: every report has its workflow, which knows what was decided, and every verdict counts.

Id: `reconcile-reports-{time}`, started by the Temporal Schedule `reconcile-reports`, one at a time.
Messages: none. Timers: none. It looks for changes since the run before began, which the Schedule hands over,
and through the verdicts that the store took since those that the run before looked through.
Failure: a store that is away is waited for, for half an hour; then the run fails, and the next one looks as
far back as this one would have. A report that cannot be reached keeps no other from its repair.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.report_workflows import ReportWorkflowActivities
from activities.verdict_arrivals import VerdictArrivalActivities
from assay.contracts.report_reconcile import (
    ReconcileReportsInput,
    ReconcileReportsResult,
    RepairReports,
    ReportsRepaired,
    SweepVerdicts,
    VerdictsSwept,
)
from assay.domain.reconcile.marks import HORIZON, SETTLED
from assay.domain.report_details import instant_words, repair_details
from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.retry import REPAIR
from assay.temporal.search_attributes import OUTCOME

_FIRST_LOOK: Final = timedelta(days=1)
"""How far back the first run of all looks for changes."""

_MARGIN: Final = timedelta(minutes=2)
"""Clocks differ, and what changed a moment ago may not have been told yet."""


@workflow.defn(name="reconcile-reports")
class ReconcileReports:
    """Repair once."""

    @workflow.run
    async def run(self, given: ReconcileReportsInput) -> ReconcileReportsResult:
        """Compare all reports with their workflows.

        Raises:
            ApplicationError: it could not be done; its type is a code of `assay.errors`.
        """
        now = workflow.now()
        before = workflow.get_last_completion_result(ReconcileReportsResult)
        since = (now - _FIRST_LOOK if before is None else before.looked_at) - _MARGIN
        try:
            repaired = await self._repair(since)
            swept = None
            if workflow.patched("sweep-verdicts"):
                swept = await self._sweep(None if before is None else before.swept, now)
        except ActivityError as error:
            raise _failed(error) from error
        result = ReconcileReportsResult(
            # One that was not reached has to be found again, however long ago it changed.
            looked_at=now if repaired.failed == 0 else since + _MARGIN,
            repaired=repaired,
            swept=swept,
        )
        workflow.set_current_details(repair_details(repaired, swept))
        workflow.upsert_search_attributes([OUTCOME.value_set(result.outcome)])
        return result

    async def _repair(self, changed_since: datetime) -> ReportsRepaired:
        return await workflow.execute_activity_method(
            ReportWorkflowActivities.repair,
            RepairReports(changed_since=changed_since),
            summary=f"Compare reports with their workflows; changes since {instant_words(changed_since)}",
            **REPAIR.options,
        )

    async def _sweep(self, before: VerdictsSwept | None, now: datetime) -> VerdictsSwept:
        """Look through what the store took since the last time, except what it may still be taking."""
        horizon = now - HORIZON
        since = horizon if before is None else max(before.until, horizon)
        return await workflow.execute_activity_method(
            VerdictArrivalActivities.sweep,
            SweepVerdicts(since=since, until=max(since, now - SETTLED)),
            summary=f"Look for verdicts without an arrival; stored since {instant_words(since)}",
            **REPAIR.options,
        )


def _failed(error: ActivityError) -> ActivityError | ApplicationError:
    if is_cancelled_exception(error):
        return error
    code, message = failure_code(error), failure_message(error)
    workflow.set_current_details(failure_details(code, message))
    workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
    return ApplicationError(message, type=code, non_retryable=True)
