"""The `evaluation-stream` workflows as activities reach them: by name and message."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, cast

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import QueryRejectCondition, WorkflowIDConflictPolicy
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.evaluation_batches import (
    BatchFinished,
    ClaimedPage,
    ClaimPageInput,
    EvaluationStreamInput,
)
from assay.domain.batch_details import stream_summary
from assay.temporal.ids import evaluation_stream_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import PROJECT, pairs
from assay.temporal.streams import wake_stream

_QUERY_TIMEOUT: Final = timedelta(seconds=10)
"""A stream that no worker answers for is told from a slow one."""


class Streams:
    """Messages to the streams of projects; one that does not run is started where it has something to do."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def claim_page(self, asked: ClaimPageInput, *, attempt: int = 1) -> ClaimedPage:
        """Have the stream claim a page of targets; asked again, it claims no more for the same page.

        Who asks again joins an answer that is under way. A failed one would be given again for ever, so
        later attempts then ask under another id.

        Raises:
            WorkflowUpdateFailedError: the stream could not.
            RPCError: Temporal could not be reached, or did not answer in time.
        """
        try:
            return await self._ask(asked, asked.dispatch_id)
        except WorkflowUpdateFailedError:
            if attempt == 1:
                raise
            return await self._ask(asked, f"{asked.dispatch_id}-attempt-{attempt}")

    async def wake(self, project_id: int) -> None:
        """Have the stream look at what arrived.

        Raises:
            RPCError: Temporal could not be reached.
        """
        await wake_stream(self._client, project_id)

    async def state(self, project_id: int) -> EvaluationStreamInput | None:
        """Where the stream stands; None if it does not run.

        Raises:
            TemporalError: Temporal could not be reached, or no worker answers for the stream.
        """
        handle = self._client.get_workflow_handle(evaluation_stream_id(project_id))
        try:
            state = await handle.query(
                "state",
                result_type=EvaluationStreamInput,
                reject_condition=QueryRejectCondition.NOT_OPEN,
                rpc_timeout=_QUERY_TIMEOUT,
            )
        except WorkflowQueryRejectedError:
            return None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return cast(EvaluationStreamInput, state)

    async def tell_finished(self, finished: BatchFinished) -> None:
        """Tell the stream that a batch has ended; one that does not run need not know.

        Raises:
            RPCError: Temporal could not be reached.
        """
        handle = self._client.get_workflow_handle(evaluation_stream_id(finished.ref.project_id))
        try:
            await handle.signal("batch_finished", finished)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _ask(self, asked: ClaimPageInput, update_id: str) -> ClaimedPage:
        page = await self._client.execute_update_with_start_workflow(
            "claim_page",
            asked,
            start_workflow_operation=WithStartWorkflowOperation(
                "evaluation-stream",
                EvaluationStreamInput(project_id=asked.project_id),
                id=evaluation_stream_id(asked.project_id),
                task_queue=TaskQueue.MAIN,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=stream_summary(asked.project_id),
                search_attributes=pairs((PROJECT, str(asked.project_id))),
                priority=fair(Rank.ONLINE, asked.project_id),
            ),
            id=update_id,
            result_type=ClaimedPage,
        )
        return cast(ClaimedPage, page)
