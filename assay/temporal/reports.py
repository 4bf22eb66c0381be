"""The `evaluation-report` workflows as everybody else reaches them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.report_refs import ReportRef
from assay.contracts.report_workflows import EvaluationReportInput, GenerateOutcome, ResultsObserved
from assay.domain.report_details import report_summary
from assay.temporal.ids import evaluation_report_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import PROJECT, REPORT, pairs

_RPC_TIMEOUT: Final = timedelta(seconds=10)
_TRIES: Final = 3
"""A workflow that is just ending takes no message; a moment later, a new one begins."""


async def configure_report(
    client: Client, project_id: int, report_id: UUID, *, evaluation_name: str = ""
) -> None:
    """Have the workflow of a report look up what was decided; start it if it does not run.

    For whoever has created, changed, deleted or restored a report or its evaluation, once that is stored. The
    stored row is what counts: where this fails, `reconcile-reports` makes up for it.

    Args:
        evaluation_name: for people who look at a list of workflows; empty: not known.

    Raises:
        TemporalError: Temporal could not be reached, or no worker answers.
    """
    report = ReportRef(project_id=project_id, report_id=report_id)
    await _update(client, report, "configure", None, evaluation_name=evaluation_name)


async def generate_report(client: Client, project_id: int, report_id: UUID) -> GenerateOutcome:
    """Have a report made now, also where it is disabled; a run that is in flight is the answer.

    Raises:
        TemporalError: Temporal could not be reached, or no worker answers. The run may begin all the same;
            who asks again is told of it.
    """
    report = ReportRef(project_id=project_id, report_id=report_id)
    return cast(GenerateOutcome, await _update(client, report, "generate", GenerateOutcome))


async def tell_results(client: Client, report: ReportRef, observed: ResultsObserved) -> None:
    """Tell the workflow of a report of new results; start it if it does not run.

    Raises:
        RPCError: Temporal did not take the message.
    """
    await client.start_workflow(
        "evaluation-report",
        EvaluationReportInput(report=report),
        id=evaluation_report_id(report.report_id),
        task_queue=TaskQueue.MAIN,
        start_signal="results_observed",
        start_signal_args=[observed],
        priority=fair(Rank.REPORTS, report.project_id),
        search_attributes=_attributes(report),
        static_summary=report_summary(report),
        rpc_timeout=_RPC_TIMEOUT,
    )


async def _update(
    client: Client, report: ReportRef, name: str, result_type: type | None, *, evaluation_name: str = ""
) -> Any:
    left = _TRIES
    while True:
        left -= 1
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "evaluation-report",
            EvaluationReportInput(report=report),
            id=evaluation_report_id(report.report_id),
            task_queue=TaskQueue.MAIN,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            priority=fair(Rank.REPORTS, report.project_id),
            search_attributes=_attributes(report),
            static_summary=report_summary(report, evaluation_name),
        )
        try:
            return await client.execute_update_with_start_workflow(
                name, start_workflow_operation=start, result_type=result_type, rpc_timeout=_RPC_TIMEOUT
            )
        except RPCError as error:
            if left == 0 or error.status is not RPCStatusCode.NOT_FOUND:
                raise


def _attributes(report: ReportRef) -> TypedSearchAttributes:
    return pairs((PROJECT, str(report.project_id)), (REPORT, str(report.report_id)))
