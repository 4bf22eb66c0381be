"""What is done for clustering jobs again and again, and the Schedules that a project has for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from temporalio.common import SearchAttributeKey

from assay.contracts.clustering import AnalysisLevel, JobRef
from assay.contracts.clustering_runs import ClusteringTrigger
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.contracts.summarization_windows import SummarizationWindowInput, WindowRef
from assay.domain.clustering_starts import clustering_summary
from assay.domain.run_details import short
from assay.temporal.ids import (
    CLUSTERING_RUN,
    SUMMARIZATION_WINDOW,
    clustering_schedule_id,
    summarization_window_id,
)
from assay.temporal.priorities import Rank, fair
from assay.temporal.search_attributes import JOB, PROJECT, TRIGGER, pairs
from schedules.native import NativeSchedule

SUMMARIZATION_CRON: Final = "0 * * * *"
"""When hours are summarised, unless an operator decides otherwise."""

CLUSTERING_CRON: Final = "15 0 * * *"
"""When items are put into clusters, unless an operator decides otherwise."""

OFF: Final = "off"
"""Instead of a cron text: it is not done."""

PREFIXES: Final = (SUMMARIZATION_WINDOW, CLUSTERING_RUN)
"""What the ids of all Schedules of clustering jobs begin with."""

_SPREAD: Final = timedelta(minutes=15)
"""In which the runs of all jobs begin, so that not all of them read the event store at the same moment."""

_MADE_UP_FOR: Final = timedelta(days=1)
"""A day without clusters is missed, and an engine that is off at night would never make any. Hours that were
not summarised need nothing of the kind: the next run works them off."""


@dataclass(frozen=True, slots=True)
class JobCrons:
    """When things are done for clustering jobs: cron texts of five fields, in UTC, or `OFF`."""

    summarization: str = SUMMARIZATION_CRON
    clustering: str = CLUSTERING_CRON


def wanted(project_id: int, jobs: Sequence[JobRef], *, crons: JobCrons) -> tuple[NativeSchedule, ...]:
    """The Schedules of a project: of each enabled job, or of none at all if it has no jobs.

    Args:
        jobs: of the project, enabled or not.
    """
    return (
        *_wanted(project_id, jobs, _SUMMARISED, _window, crons.summarization),
        *_wanted(project_id, jobs, AnalysisLevel, _clustering, crons.clustering),
    )


def possible(project_id: int, job_id: UUID | None) -> tuple[str, ...]:
    """The ids of all Schedules that a job, or a project without jobs, could have."""
    ref = WindowRef(project_id=project_id, job_id=job_id)
    return summarization_window_id(ref), clustering_schedule_id(project_id, job_id)


class _Make(Protocol):
    def __call__(self, project_id: int, job: JobRef | None, cron: str) -> NativeSchedule: ...


_SUMMARISED: Final = (AnalysisLevel.TRACE, AnalysisLevel.GENERATION)


def _wanted(
    project_id: int, jobs: Sequence[JobRef], levels: Collection[AnalysisLevel], make: _Make, cron: str
) -> list[NativeSchedule]:
    if cron == OFF:
        return []
    if not jobs:
        return [make(project_id, None, cron)]
    return [make(project_id, job, cron) for job in jobs if job.enabled and job.analysis_level in levels]


def _window(project_id: int, job: JobRef | None, cron: str) -> NativeSchedule:
    ref = WindowRef(project_id=project_id, job_id=None if job is None else job.id)
    whose = f"project {project_id}" if job is None else f"“{short(job.name)}”"
    return NativeSchedule(
        id=summarization_window_id(ref),
        workflow="summarization-window",
        argument=SummarizationWindowInput(ref=ref),
        cron=cron,
        summary=f"Summarises a sample of each hour for {whose}",
        attributes=pairs((PROJECT, str(project_id)), *_job(job)),
        priority=fair(Rank.SUMMARIES, project_id),
    )


def _clustering(project_id: int, job: JobRef | None, cron: str) -> NativeSchedule:
    given = ClusteringRunInput(project_id=project_id, job_id=None if job is None else job.id)
    level, name = (AnalysisLevel.TRACE, "") if job is None else (job.analysis_level, job.name)
    return NativeSchedule(
        id=clustering_schedule_id(project_id, given.job_id),
        workflow="clustering-run",
        argument=given,
        cron=cron,
        summary=clustering_summary(given, level, name),
        attributes=pairs((PROJECT, str(project_id)), *_job(job), (TRIGGER, ClusteringTrigger.SCHEDULED)),
        priority=fair(Rank.SUMMARIES, project_id),
        jitter=_SPREAD,
        catchup=_MADE_UP_FOR,
    )


def _job(job: JobRef | None) -> list[tuple[SearchAttributeKey[str], str]]:
    return [] if job is None else [(JOB, str(job.id))]
