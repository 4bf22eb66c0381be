"""Clustering runs as Temporal knows them: start, look at, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from temporalio.exceptions import TemporalError

from api_shim.operations import Call
from assay.contracts.clustering import AnalysisLevel, ClusteringJob
from assay.contracts.clustering_runs import ClusteringRun
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.clustering_rows import opened_run
from assay.errors import Conflict, ServiceUnavailable
from assay.temporal.clustering_runs import cancel_run, close_if_ended, start_run, step_of

_PATIENCE_SECONDS: Final = 1.0
"""How long somebody who looks at a run waits for what Temporal adds to it."""

log = structlog.get_logger(__name__)


async def begin_run(
    call: Call[Any, Any], given: ClusteringRunInput, job: ClusteringJob | None
) -> tuple[ClusteringRun, bool]:
    """Start a run; one of the same job that is under way is the answer, too.

    Two that are asked for within a moment can both start. Then one of them waits for the other.

    Args:
        given: without a time: it is due now.
        job: None: the project has no jobs.

    Returns:
        The run, and whether it was under way already.

    Raises:
        ServiceUnavailable: Temporal did not take it.
    """
    runs = call.deps.registry.clustering_runs
    now = datetime.now(UTC)
    at = now.replace(microsecond=0)
    given = given.model_copy(update={"at": at})
    level, name = (AnalysisLevel.TRACE, "") if job is None else (job.analysis_level, job.name)
    with _answering("Temporal did not take the run; send the request again."):
        for run in await _in_flight(call, given.job_id):
            if not await close_if_ended(call.deps.temporal, runs, run):
                return run, True
        workflow_id, is_there = await start_run(call.deps.temporal, given, level=level, job_name=name, at=at)
    # Its first step stores it as it begins; until a worker comes to it, people want to see it.
    run = await runs.enqueue(opened_run(given, job, workflow_id=workflow_id, at=at, now=now))
    return run, is_there


async def end_run(call: Call[Any, Any], run: ClusteringRun) -> None:
    """Have a run end early.

    Raises:
        Conflict: it has ended.
        ServiceUnavailable: Temporal did not take it.
    """
    if run.status.has_ended:
        raise Conflict(f"The run has ended: {run.status}.")
    with _answering("Temporal did not take the command; send the request again."):
        await cancel_run(call.deps.temporal, run)
        await close_if_ended(call.deps.temporal, call.deps.registry.clustering_runs, run)


async def step_in_flight(call: Call[Any, Any], run: ClusteringRun) -> str | None:
    """The activity that a run is at; None: it has ended, or Temporal does not tell at once."""
    if run.status.has_ended:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await step_of(call.deps.temporal, run)
    except (TemporalError, TimeoutError) as error:
        log.info("step of clustering run not known", run=run.run_id, reason=str(error))
        return None


async def _in_flight(call: Call[Any, Any], job_id: UUID | None) -> list[ClusteringRun]:
    under_way = await call.deps.registry.clustering_runs.under_way(call.project.id, job_id)
    return [run for run in under_way if run.job_id == job_id]


@contextmanager
def _answering(otherwise: str) -> Iterator[None]:
    """Turn the absence of Temporal into a refusal that says so."""
    try:
        yield
    except TemporalError as error:
        raise ServiceUnavailable(otherwise) from error
