"""What is clustered: the project's event filters, and its clustering jobs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from assay.contracts.base import Contract, UtcDatetime

MAX_JOBS = 5
"""Clustering jobs that a project may have."""

DEFAULT_JOB_PREFIX = "Default - "
"""Jobs whose name begins so give way: they are switched off when a job of their level is made."""


class AnalysisLevel(StrEnum):
    """What a job puts into clusters."""

    TRACE = "trace"
    GENERATION = "generation"
    EVALUATION = "evaluation"


class ClusteringConfig(Contract):
    """The project-wide clustering configuration.

    Attributes:
        event_filters: property filters, as they were sent.
    """

    event_filters: tuple[Any, ...]
    created_at: UtcDatetime
    updated_at: UtcDatetime


class ClusteringJobSpec(Contract):
    """What a client decides about a clustering job.

    Attributes:
        name: unique in the project; case matters.
        event_filters: any JSON value but null, as it was sent; a list of property filters is meant.
        enabled: whether it runs by itself.
    """

    name: str
    analysis_level: AnalysisLevel
    event_filters: Any = ()
    enabled: bool = True


class ClusteringJob(ClusteringJobSpec):
    """A stored clustering job."""

    id: UUID
    project_id: int
    created_at: UtcDatetime
    updated_at: UtcDatetime


class JobRef(Contract):
    """A clustering job, without its filters."""

    id: UUID
    project_id: int
    name: str
    analysis_level: AnalysisLevel
    enabled: bool

    @classmethod
    def of(cls, job: ClusteringJob) -> JobRef:
        """The reference to a job."""
        return cls(
            id=job.id,
            project_id=job.project_id,
            name=job.name,
            analysis_level=job.analysis_level,
            enabled=job.enabled,
        )
