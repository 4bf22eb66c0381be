"""`/llm_analytics/clustering_jobs/`: what is clustered again and again."""

from __future__ import annotations

from functools import partial

from api_shim.errors import REFUSALS_AS_DETAIL
from api_shim.job_schedules import jobs_decided
from api_shim.object_operations import changes, creation, deletion, existing, list_of, retrieval
from api_shim.operations import Call, Resource
from api_shim.pagination import Page, PageQuery, page_of
from api_shim.partial import sent_fields, with_changes
from api_shim.routes.clustering_runs import RUN_JOB
from api_shim.schemas.clustering_jobs import ClusteringJobRequest, ClusteringJobResponse
from assay.contracts.clustering import MAX_JOBS, ClusteringJobSpec
from assay.errors import NotFound

_NAME_TAKEN = {400: "Another job has the name."}
_REFUSED = {400: f"The project has {MAX_JOBS} jobs already, or one of them has the name."}


async def list_jobs(call: Call[None, PageQuery]) -> Page[ClusteringJobResponse]:
    """List all clustering jobs, oldest first."""
    jobs = await call.deps.registry.clustering_jobs.list(call.project.id)
    page = jobs[call.query.offset :][: call.query.limit]
    return page_of(call, len(jobs), list(map(ClusteringJobResponse.of, page)))


async def create_job(call: Call[ClusteringJobRequest, None]) -> ClusteringJobResponse:
    """Create a clustering job.

    A project may have 5; this is looked at before the body. Enabled jobs of the same analysis level whose
    name begins with `Default - ` are switched off.
    """
    jobs = call.deps.registry.clustering_jobs
    await jobs.require_room(call.project.id)
    spec = ClusteringJobSpec(**sent_fields(await call.body()))
    job = await jobs.create(call.project.id, spec)
    await jobs_decided(call)
    return ClusteringJobResponse.of(job)


async def retrieve_job(call: Call[None, None]) -> ClusteringJobResponse:
    """Retrieve a clustering job."""
    job = await call.deps.registry.clustering_jobs.get(call.project.id, call.id)
    return ClusteringJobResponse.of(existing(job))


async def change_job(call: Call[ClusteringJobRequest, None]) -> ClusteringJobResponse:
    """Change a clustering job.

    Fields that are not sent stay as they are.
    """
    jobs = call.deps.registry.clustering_jobs
    if await jobs.get(call.project.id, call.id) is None:
        raise NotFound("Not found.")
    changes = sent_fields(await call.body())
    changed = await jobs.update(
        call.project.id, call.id, partial(with_changes, ClusteringJobSpec, changes=changes)
    )
    job = existing(changed)
    await jobs_decided(call)
    return ClusteringJobResponse.of(job)


async def delete_job(call: Call[None, None]) -> None:
    """Delete a clustering job for good."""
    if not await call.deps.registry.clustering_jobs.delete(call.project.id, call.id):
        raise NotFound("Not found.")
    await jobs_decided(call, call.id)


RESOURCE = Resource(
    path="llm_analytics/clustering_jobs",
    scope="llm_analytics",
    operations=(
        list_of(ClusteringJobResponse, list_jobs, query=PageQuery),
        creation(
            ClusteringJobRequest, ClusteringJobResponse, create_job, errors=REFUSALS_AS_DETAIL, also=_REFUSED
        ),
        retrieval(ClusteringJobResponse, retrieve_job),
        *changes(
            ClusteringJobRequest,
            ClusteringJobResponse,
            change_job,
            errors=REFUSALS_AS_DETAIL,
            also=_NAME_TAKEN,
        ),
        deletion(delete_job),
        RUN_JOB,
    ),
)
