"""The `clustering-run` workflows as everybody else reaches them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunStatus
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.clustering_starts import clustering_facts, clustering_summary
from assay.ports import ClusteringRunRepository
from assay.temporal.ids import clustering_run_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import JOB, PROJECT, TRIGGER, pairs

_RPC_TIMEOUT: Final = timedelta(seconds=5)

_FORGOTTEN: Final = "not_found: Temporal does not know its workflow any more."


async def start_run(
    client: Client, given: ClusteringRunInput, *, level: AnalysisLevel, job_name: str, at: datetime
) -> tuple[str, bool]:
    """Start a run that somebody asks for; one of the same second is the answer, too.

    Args:
        job_name: empty without a job.
        at: when it is due; whole seconds.

    Returns:
        The id of the workflow, and whether there was one of that name already, for whatever was asked then.

    Raises:
        RPCError: Temporal did not take it.
    """
    workflow_id = clustering_run_id(given.project_id, given.job_id, at)
    job = () if given.job_id is None else ((JOB, str(given.job_id)),)
    try:
        await client.start_workflow(
            "clustering-run",
            given,
            id=workflow_id,
            task_queue=TaskQueue.MAIN,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            priority=fair(Rank.MANUAL, given.project_id),
            search_attributes=pairs((PROJECT, str(given.project_id)), *job, (TRIGGER, given.trigger)),
            static_summary=clustering_summary(given, level, job_name),
            static_details=clustering_facts(given, level, job_name),
            rpc_timeout=_RPC_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return workflow_id, True
    return workflow_id, False


async def cancel_run(client: Client, run: ClusteringRun) -> None:
    """Have a run end early; one that has ended already is left alone.

    Raises:
        RPCError: Temporal did not take it.
    """
    try:
        await client.get_workflow_handle(run.workflow_id).cancel(rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def step_of(client: Client, run: ClusteringRun) -> str | None:
    """The activity that a run is at; None: it is between two, or has ended.

    Raises:
        RPCError: Temporal does not answer.
    """
    described = await _described(client, run)
    pending = [] if described is None else described.raw_description.pending_activities
    return next((each.activity_type.name for each in pending), None)


async def close_if_ended(client: Client, runs: ClusteringRunRepository, run: ClusteringRun) -> bool:
    """Record that a run has failed whose workflow has ended without a word; whether there was need to.

    Args:
        run: that is queued or running, as far as the registry knows.

    Raises:
        RPCError: Temporal does not answer, or does not let this caller.
        StoreUnavailable: the registry did not answer.
    """
    described = await _described(client, run)
    if described is not None and described.status is WorkflowExecutionStatus.RUNNING:
        return False
    ended = {
        "status": ClusteringRunStatus.FAILED,
        "reason": _reason(described),
        "finished_at": (described and described.close_time) or datetime.now(UTC),
    }
    return await runs.close(run.model_copy(update=ended))


async def _described(client: Client, run: ClusteringRun) -> WorkflowExecutionDescription | None:
    try:
        return await client.get_workflow_handle(run.workflow_id).describe(rpc_timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None


def _reason(described: WorkflowExecutionDescription | None) -> str:
    if described is None or described.status is None:
        return _FORGOTTEN
    how = described.status.name.lower()
    return f"{how}: its workflow has ended ({how.replace('_', ' ')}) without recording how the run went."
