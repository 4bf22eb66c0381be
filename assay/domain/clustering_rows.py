"""A run of a clustering job as the registry gets to know it, from what was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from assay.contracts.clustering import AnalysisLevel, ClusteringJob
from assay.contracts.clustering_runs import ClusteringRun
from assay.contracts.clustering_workflows import ClusteringRunInput

_NAMESPACE: Final = UUID("5b0d2b7e-3c55-4f0b-9a52-6a1f7b8f4f0e")


def clustering_run_uuid(workflow_id: str) -> UUID:
    """The id of the run that a workflow is."""
    return uuid5(_NAMESPACE, workflow_id)


def opened_run(
    given: ClusteringRunInput,
    job: ClusteringJob | None,
    *,
    workflow_id: str,
    at: datetime,
    now: datetime,
    before: ClusteringRun | None = None,
) -> ClusteringRun:
    """A run that begins; whoever makes it of the same workflow makes the same run.

    Args:
        job: as it is; None: the project has no jobs, or not this one any more.
        at: when the run is due: the end of its window.
        now: when it really begins, which is later where a Schedule makes up for a day.
        before: the newest run of a job that is gone: it knows what the job was.
    """
    level, job_name = AnalysisLevel.TRACE, ""
    if job is not None:
        level, job_name = job.analysis_level, job.name
    elif before is not None:
        level, job_name = before.level, before.job_name
    return ClusteringRun(
        id=clustering_run_uuid(workflow_id),
        project_id=given.project_id,
        run_id=_run_id(given, level, at),
        job_id=given.job_id,
        job_name=job_name,
        level=level,
        trigger=given.trigger,
        workflow_id=workflow_id,
        window_start=at - timedelta(days=given.days),
        window_end=at,
        started_at=now,
    )


def _run_id(given: ClusteringRunInput, level: AnalysisLevel, at: datetime) -> str:
    """In PostHog's form: its pages read the level and the time out of it."""
    job = "" if given.job_id is None else str(given.job_id)
    parts = (str(given.project_id), str(level), f"{at:%Y%m%d_%H%M%S}", job, given.run_label)
    return "_".join(part for part in parts if part)
