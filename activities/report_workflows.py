"""Activities about the workflows of reports: wait for a run, and start what does not run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.evaluation_reports import EvaluationReport
from assay.contracts.evaluations import Evaluation
from assay.contracts.report_reconcile import RepairReports, ReportsRepaired
from assay.contracts.report_refs import RunRef
from assay.contracts.report_run_workflows import RunFinished
from assay.ports import Registry
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.heartbeat import heartbeating
from assay.temporal.ids import evaluation_report_id, evaluation_report_run_id
from assay.temporal.reports import configure_report

PAGE: Final = 500
"""Reports that are looked at together."""

KEPT: Final = timedelta(days=30)
"""Conversations with the authors of reports are removed after so long."""

_RPC_TIMEOUT: Final = timedelta(seconds=10)
_RUNNING: Final = "WorkflowType = 'evaluation-report' AND ExecutionStatus = 'Running'"

log = structlog.get_logger(__name__)


class ReportWorkflowActivities:
    """Reaches workflows of reports.

    Args:
        client: what they are reached through.
        page: reports to look at together.
    """

    def __init__(self, *, client: Client, registry: Registry, page: int = PAGE) -> None:
        self._client = client
        self._registry = registry
        self._page = page

    @activity.defn(name="await-report-run")
    async def await_run(self, run: RunRef) -> RunFinished:
        """What became of a run, once it has ended.

        Raises:
            ApplicationError: it failed, was ended by somebody, or is not known; not worth a retry.
            RPCError: Temporal could not be reached.
        """
        handle = self._client.get_workflow_handle(
            evaluation_report_run_id(run.run_id), result_type=RunFinished
        )
        async with heartbeating():
            try:
                return cast(RunFinished, await handle.result())
            except WorkflowFailureError as error:
                message = failure_message(error.cause or error)
                code = failure_code(error.cause or error)
                raise ApplicationError(message, type=code, non_retryable=True) from None
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                raise ApplicationError(
                    "The run is not known.", type="not_found", non_retryable=True
                ) from None

    @activity.defn(name="repair-reports")
    async def repair(self, given: RepairReports) -> ReportsRepaired:
        """Start the workflow of each report that has none, and tell those whose report changed or is gone.

        What changed was told when it did; this is for what was lost between the registry and Temporal. A
        report whose workflow cannot be reached does not keep the others from it. Conversations that are older
        than `KEPT` are removed along the way.

        Raises:
            StoreUnavailable: the registry did not answer.
            RPCError: Temporal could not say what runs.
        """
        async with heartbeating():
            running = {found.id async for found in self._client.list_workflows(_RUNNING)}
            total, orphans = ReportsRepaired(), set(running)
            async for page in self._pages():
                for project_id, report_id in page:
                    orphans.discard(evaluation_report_id(report_id))
                    total = _sum(total, await self._repair(project_id, report_id, given, running))
            # What ran before the reports were read, and is the workflow of none of them.
            for workflow_id in sorted(orphans):
                total = _sum(total, await self._tell_orphan(workflow_id))
            forgotten = await self._registry.report_runs.forget_transcripts(datetime.now(UTC) - KEPT)
        log.info("reports compared with their workflows", forgotten=forgotten, **total.model_dump())
        return total

    async def _pages(self) -> AsyncIterator[list[tuple[int, UUID]]]:
        after: UUID | None = None
        while page := await self._registry.report_calendar.all_live(after, self._page):
            yield page
            after = page[-1][1]

    async def _repair(
        self, project_id: int, report_id: UUID, given: RepairReports, running: Collection[str]
    ) -> ReportsRepaired:
        report = await self._registry.evaluation_reports.get(project_id, report_id)
        if report is None:
            return ReportsRepaired()
        evaluation = await self._registry.evaluations.get(project_id, report.evaluation_id)
        is_running = evaluation_report_id(report_id) in running
        is_to_run = evaluation is not None
        has_changed = _changed_at(report, evaluation) >= given.changed_since
        if is_running == is_to_run and not (is_running and has_changed):
            return ReportsRepaired(reports=1)
        try:
            name = "" if evaluation is None else evaluation.name
            await configure_report(self._client, project_id, report_id, evaluation_name=name)
        except TemporalError as error:
            log.warning("report not reached", report_id=str(report_id), reason=str(error))
            return ReportsRepaired(reports=1, failed=1)
        return ReportsRepaired(reports=1, started=int(not is_running), planned=int(is_running))

    async def _tell_orphan(self, workflow_id: str) -> ReportsRepaired:
        """Have a workflow look up its report, which is gone; it is not started if it has ended."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            await handle.execute_update("configure", rpc_timeout=_RPC_TIMEOUT)
        except TemporalError as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                return ReportsRepaired()
            log.warning("report not reached", workflow_id=workflow_id, reason=str(error))
            return ReportsRepaired(failed=1)
        return ReportsRepaired(ended=1)


def _changed_at(report: EvaluationReport, evaluation: Evaluation | None) -> datetime:
    return report.updated_at if evaluation is None else max(report.updated_at, evaluation.updated_at)


def _sum(one: ReportsRepaired, other: ReportsRepaired) -> ReportsRepaired:
    numbers = other.model_dump()
    return ReportsRepaired(**{name: value + numbers[name] for name, value in one.model_dump().items()})
