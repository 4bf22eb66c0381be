"""`/llm_analytics/clustering_runs/`: what was put into clusters, and what became of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from typing import Any, Final

from api_shim.clustering_workflows import begin_run, end_run, step_in_flight
from api_shim.object_operations import existing
from api_shim.operations import Call, Operation, Resource
from api_shim.pagination import Page, page_of
from api_shim.schemas.clustering_runs import (
    ClusteringRunListQuery,
    ClusteringRunReference,
    ClusteringRunRequest,
    ClusteringRunResponse,
    ClusteringRunShownQuery,
    ClusteringRunStarted,
    JobRunRequest,
)
from api_shim.schemas.clusters import ClusterResponse
from assay.contracts.clustering import ClusteringJob
from assay.contracts.clustering_runs import ClusteringRun, ClusteringRunQuery, ClusteringTrigger
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.signed_links import LINK_LIFETIME
from assay.domain.signed_links import Page as LinkedPage
from assay.errors import FieldError, NotFound


async def list_runs(call: Call[None, ClusteringRunListQuery]) -> Page[ClusteringRunReference]:
    """List all clustering runs, newest first."""
    query = ClusteringRunQuery(
        job_id=call.query.job_id,
        status=call.query.status,
        level=call.query.analysis_level,
        limit=call.query.limit,
        offset=call.query.offset,
    )
    count, found = await call.deps.registry.clustering_runs.list(call.project.id, query)
    return page_of(call, count, [ClusteringRunReference.of(run, _url(call, run)) for run in found])


async def create_run(call: Call[ClusteringRunRequest, None]) -> ClusteringRunStarted:
    """Put items into clusters now.

    Starts a Temporal workflow for a clustering job, whether it is enabled or not, or, in a project without
    jobs, for its clustering configuration. If one of the same job is under way, that one is the answer
    (`already_running`).
    """
    form = await call.body()
    jobs = call.deps.registry.clustering_jobs
    if form.job_id is None:
        if await jobs.list(call.project.id):
            raise FieldError("The project has clustering jobs: name one.", attr="job_id", code="required")
        return await _begin(call, form, None)
    job = await jobs.get(call.project.id, form.job_id)
    if job is None:
        raise NotFound(f"Clustering job {form.job_id} not found.")
    return await _begin(call, form, job)


async def run_job(call: Call[JobRunRequest, None]) -> ClusteringRunStarted:
    """Put the items of a clustering job into clusters now.

    Starts a Temporal workflow, whether the job is enabled or not. If one of the same job is under way, that
    one is the answer (`already_running`).
    """
    job = existing(await call.deps.registry.clustering_jobs.get(call.project.id, call.id))
    return await _begin(call, await call.body(), job)


async def retrieve_run(call: Call[None, ClusteringRunShownQuery]) -> ClusteringRunResponse:
    """Show a clustering run with its clusters."""
    run = await _find(call)
    artefacts, project_id = call.deps.clustering_artefacts, call.project.id
    clusters = await asyncio.to_thread(artefacts.clusters, project_id, run.id)
    samples = await asyncio.to_thread(artefacts.samples, project_id, run.id, per_cluster=call.query.samples)
    shown = [ClusterResponse.of(cluster, samples.get(cluster.shape.id, ())) for cluster in clusters]
    fields = ClusteringRunReference.fields_of(run, _url(call, run))
    return ClusteringRunResponse.of_clusters(fields, shown, await step_in_flight(call, run))


async def cancel_run(call: Call[None, None]) -> ClusteringRunReference:
    """Cancel a clustering run.

    It ends as `failed`, within moments if a worker is there. What it has stored so far stays.
    """
    run = await _find(call)
    await end_run(call, run)
    return ClusteringRunReference.of(await _find(call), _url(call, run))


async def _begin(
    call: Call[Any, Any], form: JobRunRequest, job: ClusteringJob | None
) -> ClusteringRunStarted:
    given = ClusteringRunInput(
        project_id=call.project.id,
        job_id=None if job is None else job.id,
        trigger=ClusteringTrigger.MANUAL,
        days=form.days,
        max_items=form.max_items,
        run_label=form.run_label,
    )
    run, already_running = await begin_run(call, given, job)
    fields = ClusteringRunReference.fields_of(run, _url(call, run))
    return ClusteringRunStarted(**fields, already_running=already_running)


async def _find(call: Call[Any, Any]) -> ClusteringRun:
    return existing(await call.deps.registry.clustering_runs.get(call.project.id, call.id))


def _url(call: Call[Any, Any], run: ClusteringRun) -> str:
    """A link to the page, the same one all day long."""
    today = datetime.combine(datetime.now(UTC), time.max, tzinfo=UTC)
    link = call.deps.page_links.sign(LinkedPage.CLUSTERS, run.id, today + LINK_LIFETIME)
    return f"{str(call.request.base_url).rstrip('/')}{link}"


_NO_TEMPORAL: Final = {503: "Temporal cannot be reached."}

RESOURCE = Resource(
    path="llm_analytics/clustering_runs",
    scope="llm_analytics",
    operations=(
        Operation(
            "list",
            "GET",
            "",
            list_runs,
            query=ClusteringRunListQuery,
            response=Page[ClusteringRunReference],
            extension=True,
        ),
        Operation(
            "create",
            "POST",
            "",
            create_run,
            body=ClusteringRunRequest,
            response=ClusteringRunStarted,
            status=202,
            also=_NO_TEMPORAL | {404: "The project has no such clustering job."},
            extension=True,
        ),
        Operation(
            "retrieve",
            "GET",
            "{id}",
            retrieve_run,
            query=ClusteringRunShownQuery,
            response=ClusteringRunResponse,
            extension=True,
        ),
        Operation(
            "cancel",
            "POST",
            "{id}/cancel",
            cancel_run,
            response=ClusteringRunReference,
            status=202,
            also=_NO_TEMPORAL | {409: "The run has ended."},
            extension=True,
        ),
    ),
)

RUN_JOB: Final = Operation(
    "run",
    "POST",
    "{id}/run",
    run_job,
    body=JobRunRequest,
    response=ClusteringRunStarted,
    status=202,
    also=_NO_TEMPORAL,
    extension=True,
)
"""Of the resource of clustering jobs."""
