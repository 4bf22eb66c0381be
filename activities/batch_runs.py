"""The `evaluation-batch` workflows as others reach them: start one, and see what became of it."""

from __future__ import annotations

from typing import Final

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.evaluation_batches import BatchRef, ClaimedBatch, EvaluationBatchInput, Origin
from assay.domain.batch_details import batch_facts, batch_summary
from assay.domain.reconcile.claims import BatchRun
from assay.temporal.ids import evaluation_batch_id, evaluation_stream_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs

_RANKS: Final = {Origin.LIVE: Rank.ONLINE, Origin.BACKFILL: Rank.BACKFILL}


class BatchRuns:
    """Runs of batches that nobody waits for."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def start(self, batch: ClaimedBatch, origin: Origin) -> bool:
        """Start a batch; it judges what has no verdict yet.

        Returns:
            False if it runs already, which it then goes on to do.

        Raises:
            RPCError: Temporal could not be reached.
        """
        ref = batch.ref
        # A stream may count the batch as in flight since its first start; told once more, it does no more.
        reply_to = evaluation_stream_id(ref.project_id) if origin is Origin.LIVE else ""
        given = EvaluationBatchInput(batch=batch, origin=origin, reply_to=reply_to)
        try:
            await self._client.start_workflow(
                "evaluation-batch",
                given,
                id=evaluation_batch_id(ref),
                task_queue=TaskQueue.MAIN,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                static_summary=batch_summary(batch),
                static_details=batch_facts(given),
                search_attributes=pairs(
                    (PROJECT, str(ref.project_id)),
                    (EVALUATION, str(ref.evaluation_id)),
                    (TRIGGER, origin.value),
                ),
                priority=fair(_RANKS[origin], ref.project_id),
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def latest(self, ref: BatchRef) -> BatchRun | None:
        """The latest run of a batch; None if Temporal knows of none (any more).

        Raises:
            RPCError: Temporal could not be reached.
        """
        try:
            described = await self._client.get_workflow_handle(evaluation_batch_id(ref)).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        running = described.status is WorkflowExecutionStatus.RUNNING
        return BatchRun(closed_at=None if running else described.close_time)
