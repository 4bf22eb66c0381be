"""Answers that a workflow makes while somebody waits: started or joined, and waited for within reason."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.common import TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from api_shim.operations import Call
from assay.contracts.base import HistoryContract
from assay.errors import (
    AnswerEmpty,
    ArtifactMissing,
    FieldError,
    ModelNotFound,
    NotPossible,
    ProviderKeyRefused,
    ProviderKeyRequired,
    RequestError,
    ServiceUnavailable,
    StillWorking,
    WorkFailed,
)
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue

PATIENCE_SECONDS: Final = 55.0
"""Proxies and clients give up after a minute; the work goes on all the same."""

_START_TIMEOUT: Final = timedelta(seconds=5)
"""How long the caller waits for Temporal, retries of the client included."""

_CALLERS_FAULT: Final[Mapping[str, type[RequestError]]] = MappingProxyType(
    {
        AnswerEmpty.code: NotPossible,
        ArtifactMissing.code: ServiceUnavailable,
        ProviderKeyRefused.code: NotPossible,
        ProviderKeyRequired.code: NotPossible,
    }
)
"""Failures that are not the server's; all others are."""


@dataclass(frozen=True, slots=True)
class Work[Result: HistoryContract]:
    """A workflow that makes an answer.

    Attributes:
        workflow: name of its type.
        id: the same for the same work: who asks for what is being made already joins.
        argument: what it starts with.
        result: what it ends with.
        attributes: search attributes.
        summary, details: what people see in the Temporal UI.
    """

    workflow: str
    id: str
    argument: BaseModel
    result: type[Result]
    attributes: TypedSearchAttributes
    summary: str
    details: str


async def result_of[Result: HistoryContract](
    call: Call[Any, Any], work: Work[Result], *, patience_seconds: float = PATIENCE_SECONDS
) -> Result:
    """Start work, or join it if it is under way, and wait for its result.

    Raises:
        StillWorking: it takes longer than `patience_seconds`, and goes on.
        ServiceUnavailable: Temporal did not take it.
        FieldError: the model that was asked for is not known.
        RequestError: it failed; the detail says why.
    """
    return await _awaited(await _started(call, work), patience_seconds)


async def result_under_way[Result: HistoryContract](
    call: Call[Any, Any], work: Work[Result], *, patience_seconds: float = PATIENCE_SECONDS
) -> Result | None:
    """Wait for the result of work that is under way, and start none.

    Returns:
        None: it is not under way, as far as Temporal can tell.

    Raises:
        RequestError: see `result_of`.
    """
    handle = call.deps.temporal.get_workflow_handle(work.id, result_type=work.result)
    try:
        status = (await handle.describe(rpc_timeout=_START_TIMEOUT)).status
    except TemporalError:
        return None
    return await _awaited(handle, patience_seconds) if status is WorkflowExecutionStatus.RUNNING else None


async def _awaited[Result: HistoryContract](
    handle: WorkflowHandle[Any, Result], patience_seconds: float
) -> Result:
    try:
        async with asyncio.timeout(patience_seconds):
            return await handle.result()
    except TimeoutError as error:
        raise StillWorking(
            "This takes longer than usual. Send the request again to get the result."
        ) from error
    except WorkflowFailureError as error:
        raise _failure(error) from error
    except RPCError as error:
        raise ServiceUnavailable("Temporal went away; send the request again.") from error


async def _started[Result: HistoryContract](
    call: Call[Any, Any], work: Work[Result]
) -> WorkflowHandle[Any, Result]:
    try:
        return await call.deps.temporal.start_workflow(
            work.workflow,
            work.argument,
            id=work.id,
            task_queue=TaskQueue.MAIN,
            result_type=work.result,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            priority=fair(Rank.MANUAL, call.project.id),
            search_attributes=work.attributes,
            static_summary=work.summary,
            static_details=work.details,
            request_eager_start=True,  # a worker in this process begins without being asked
            rpc_timeout=_START_TIMEOUT,
        )
    except TemporalError as error:
        raise ServiceUnavailable("Temporal did not take the request; send it again.") from error


def _failure(error: WorkflowFailureError) -> RequestError:
    cause = error.cause or error
    code, message = failure_code(cause), failure_message(cause)
    if code == ModelNotFound.code:
        return FieldError(message, attr="model", code=code)
    return _CALLERS_FAULT.get(code, WorkFailed)(message)
