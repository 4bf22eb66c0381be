"""Backfills as Temporal knows them: start, look at, tell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.evaluation_backfills import (
    BackfillCommand,
    BackfillProgress,
    BackfillRequest,
    BackfillStatus,
    EvaluationBackfillInput,
)
from assay.domain.backfill_details import backfill_facts, backfill_summary
from assay.domain.backfills import refusal
from assay.errors import Conflict, NotFound, ServiceUnavailable
from assay.temporal.failures import failure_message
from assay.temporal.ids import evaluation_backfill_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, OUTCOME, PROJECT, TRIGGER, pairs
from workflows.evaluation_backfills import EvaluationBackfill

_PATIENCE: Final = timedelta(seconds=5)
"""How long the caller waits for Temporal, or for a worker that answers; retries of the client included."""

_AWAY: Final = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
_ATTEMPTS: Final = 5
_PAUSE_SECONDS: Final = 0.1

_ASKED: Final = "backfill"
"""Name of the memo that says what was asked for: lists have no more than that of a workflow."""

type _Handle = WorkflowHandle[EvaluationBackfill, BackfillProgress]


class Backfills:
    """The backfills of one project.

    All methods raise `ServiceUnavailable` while Temporal, or every worker, is away.
    """

    def __init__(self, temporal: Client, project_id: int) -> None:
        self._temporal = temporal
        self._project_id = project_id

    async def start(self, backfill: EvaluationBackfillInput) -> None:
        """Start a backfill.

        Raises:
            Conflict: one of the same evaluation is under way. Two that are asked for within moments can
                both start; that is harmless, because what one claims the other passes by.
        """
        with _answering("Temporal did not take the backfill; send the request again."):
            await self._refuse_second(backfill.evaluation_id)
            await self._temporal.start_workflow(
                EvaluationBackfill.run,
                backfill,
                id=evaluation_backfill_id(backfill.backfill_id),
                task_queue=TaskQueue.MAIN,
                priority=fair(Rank.BACKFILL, self._project_id),
                memo={_ASKED: BackfillRequest(**backfill.model_dump(exclude={"state"}))},
                search_attributes=pairs(
                    (PROJECT, str(self._project_id)),
                    (EVALUATION, str(backfill.evaluation_id)),
                    (TRIGGER, "backfill"),
                ),
                static_summary=backfill_summary(backfill),
                static_details=backfill_facts(backfill),
                rpc_timeout=_PATIENCE,
            )

    async def page(self, limit: int, offset: int) -> tuple[int, list[tuple[BackfillRequest, BackfillStatus]]]:
        """How many there are, and some of them: running ones first, then the ones that ended last."""
        query = f'{self._of_project()} AND ExecutionStatus != "ContinuedAsNew"'
        found = []
        with _answering("Temporal does not answer; send the request again."):
            count = await self._temporal.count_workflows(query, rpc_timeout=_PATIENCE)
            listed = self._temporal.list_workflows(query, limit=offset + limit, rpc_timeout=_PATIENCE)
            place = 0
            async for execution in listed:
                if place >= offset:
                    asked = await execution.memo_value(_ASKED, type_hint=BackfillRequest)
                    found.append((asked, _status(execution)))
                place += 1
        return count.count, found

    async def progress(self, backfill_id: UUID) -> BackfillProgress:
        """How far a backfill is.

        Raises:
            NotFound: the project has no such backfill, or it is too long ago for Temporal to know it.
        """
        with _answering("No worker tells how far the backfill is; send the request again."):
            handle, described = await self._find(backfill_id)
            return await _progress(handle, described)

    async def tell(self, backfill_id: UUID, command: BackfillCommand) -> BackfillProgress:
        """Give a command.

        Raises:
            NotFound: see `progress`.
            Conflict: it makes no sense as the backfill stands.
        """
        with _answering("No worker took the command; send the request again."):
            handle, described = await self._find(backfill_id)
            if described.status is not WorkflowExecutionStatus.RUNNING:
                status = (await _progress(handle, described)).status
                raise Conflict(refusal(command, status) or f"The backfill has ended ({status}).")
            return await _told(handle, command)

    async def _refuse_second(self, evaluation_id: UUID) -> None:
        running = (
            f'{self._of_project()} AND {EVALUATION.name} = "{evaluation_id}" AND ExecutionStatus = "Running"'
        )
        async for execution in self._temporal.list_workflows(running, limit=1, rpc_timeout=_PATIENCE):
            asked = await execution.memo_value(_ASKED, type_hint=BackfillRequest)
            raise Conflict(
                f"Backfill {asked.backfill_id} of this evaluation is under way: wait for it, or cancel it."
            )

    def _of_project(self) -> str:
        return f'WorkflowType = "evaluation-backfill" AND {PROJECT.name} = "{self._project_id}"'

    async def _find(self, backfill_id: UUID) -> tuple[_Handle, WorkflowExecutionDescription]:
        handle = self._temporal.get_workflow_handle_for(
            EvaluationBackfill.run, evaluation_backfill_id(backfill_id)
        )
        try:
            described = await handle.describe(rpc_timeout=_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise NotFound("Not found.") from None
            raise
        if described.typed_search_attributes.get(PROJECT) != str(self._project_id):
            raise NotFound("Not found.")
        return handle, described


async def _told(handle: _Handle, command: BackfillCommand) -> BackfillProgress:
    """The answer to a command. One that meets the moment in which a workflow task fails is sent again."""
    update_id = str(uuid4())
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            told: BackfillProgress = await handle.execute_update(
                command.value, id=update_id, result_type=BackfillProgress, rpc_timeout=_PATIENCE
            )
        except WorkflowUpdateFailedError as error:
            raise Conflict(failure_message(error.cause or error)) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise Conflict("The backfill has ended meanwhile.") from None
            if error.status in _AWAY or not attempts_left:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return told
    raise AssertionError("unreachable")


async def _progress(handle: _Handle, described: WorkflowExecutionDescription) -> BackfillProgress:
    """From the result of a backfill that has one, else from a worker."""
    if described.status is WorkflowExecutionStatus.COMPLETED:
        return await handle.result(rpc_timeout=_PATIENCE)
    progress = await handle.query(EvaluationBackfill.progress, rpc_timeout=_PATIENCE)
    if described.status is WorkflowExecutionStatus.RUNNING:
        return progress
    # Somebody ended the workflow by force, and it could not even say so.
    ended = {"status": _status(described), "reason": _name(described)}
    return progress.model_copy(update=ended | {"remaining_cost_usd": 0.0, "remaining_seconds": 0.0})


def _status(execution: WorkflowExecution) -> BackfillStatus:
    """The status without asking the workflow: it keeps its search attribute up to date."""
    shown = execution.typed_search_attributes.get(OUTCOME)
    if execution.status is WorkflowExecutionStatus.RUNNING:
        return BackfillStatus(shown or BackfillStatus.RUNNING)
    completed = execution.status is WorkflowExecutionStatus.COMPLETED
    return BackfillStatus(shown) if completed and shown else BackfillStatus.STOPPED


def _name(execution: WorkflowExecution) -> str:
    return "" if execution.status is None else execution.status.name.lower()


@contextmanager
def _answering(otherwise: str) -> Iterator[None]:
    """Turn the absence of Temporal, or of its workers, into a refusal that says so."""
    try:
        yield
    except (RPCError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError) as error:
        raise ServiceUnavailable(otherwise) from error
