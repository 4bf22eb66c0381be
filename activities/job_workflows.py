"""Activities about what clustering jobs have in Temporal: Schedules, runs, and summaries of others."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import cast

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.clustering_run_ends import ClusteringRunEnds
from assay.contracts.summarization import SummarizationInput, SummarizationResult
from assay.contracts.summarization_windows import SchedulesKept
from assay.ports import ClusteringRunRepository
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.heartbeat import heartbeating
from assay.temporal.ids import answer_id
from schedules.job_schedules import JobSchedules

_NOT_ALLOWED = "permission_denied"

log = structlog.get_logger(__name__)


class JobWorkflowActivities:
    """Reaches Temporal for clustering jobs.

    Args:
        client: what it is reached through.
        runs: of clustering jobs, in the registry.
    """

    def __init__(self, *, client: Client, schedules: JobSchedules, runs: ClusteringRunRepository) -> None:
        self._client = client
        self._schedules = schedules
        self._ends = ClusteringRunEnds(client=client, runs=runs)

    @activity.defn(name="keep-job-schedules")
    async def keep(self) -> SchedulesKept:
        """See to the Schedules of all clustering jobs, and to runs that have ended without a word.

        Raises:
            StoreUnavailable: the registry did not answer.
            RPCError: Temporal did not answer.
        """
        async with heartbeating():
            # A caller may be allowed the one and not the other.
            closed = await _if_allowed(self._ends.close(), "runs of clustering jobs not checked")
            kept = await _if_allowed(self._schedules.keep_all(), "schedules of clustering jobs not checked")
        kept = (kept or SchedulesKept(failure=_NOT_ALLOWED)).model_copy(
            update={"runs_closed": closed or 0, "runs_failure": _NOT_ALLOWED if closed is None else ""}
        )
        if kept.changed or kept.deleted:
            log.info("schedules of clustering jobs changed", **kept.model_dump())
        return kept

    @activity.defn(name="await-summary")
    async def await_summary(self, work: SummarizationInput) -> SummarizationResult:
        """How a summary went that somebody else has begun, once it has ended.

        Raises:
            ApplicationError: it failed, or is not known; not worth a retry.
            RPCError: Temporal did not answer.
        """
        handle = self._client.get_workflow_handle(
            answer_id("summarization", work.digest), result_type=SummarizationResult
        )
        async with heartbeating():
            try:
                return cast(SummarizationResult, await handle.result())
            except WorkflowFailureError as error:
                cause = error.cause or error
                raise ApplicationError(
                    failure_message(cause), type=failure_code(cause), non_retryable=True
                ) from None
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                raise ApplicationError("It is not known.", type="not_found", non_retryable=True) from None


async def _if_allowed[Result](work: Awaitable[Result], otherwise: str) -> Result | None:
    """What comes of it; None if Temporal does not let this caller.

    Args:
        otherwise: what the log says then.
    """
    try:
        return await work
    except RPCError as error:
        if error.status is not RPCStatusCode.PERMISSION_DENIED:
            raise
        log.warning(otherwise, reason=error.message)
        return None
