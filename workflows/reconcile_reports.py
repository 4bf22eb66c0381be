"""`reconcile-reports`: every report has its workflow, and every workflow knows what was decided.

Id: `reconcile-reports-{time}`, started by the Temporal Schedule `reconcile-reports`, one at a time.
Messages: none. Timers: none. It looks for changes since the run before began, which the Schedule hands over.
Failure: a store that is away is waited for, for half an hour; then the run fails, and the next one looks as
far back as this one would have. A report that cannot be reached keeps no other from its repair.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.report_workflows import ReportWorkflowActivities
from assay.contracts.report_workflows import (
    ReconcileReportsInput,
    ReconcileReportsResult,
    RepairReports,
)
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
            repaired = await workflow.execute_activity_method(
                ReportWorkflowActivities.repair,
                RepairReports(changed_since=since),
                summary=f"Compare reports with their workflows; changes since {instant_words(since)}",
                **REPAIR.options,
            )
        except ActivityError as error:
            raise _failed(error) from error
        workflow.set_current_details(repair_details(repaired))
        workflow.upsert_search_attributes([OUTCOME.value_set(repaired.outcome)])
        # One that was not reached has to be found again, however long ago it changed.
        looked_at = now if repaired.failed == 0 else since + _MARGIN
        return ReconcileReportsResult(looked_at=looked_at, repaired=repaired)


def _failed(error: ActivityError) -> ActivityError | ApplicationError:
    if is_cancelled_exception(error):
        return error
    code, message = failure_code(error), failure_message(error)
    workflow.set_current_details(failure_details(code, message))
    workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
    return ApplicationError(message, type=code, non_retryable=True)
