"""What is clustered, and the runs in which it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import (
    JSON_DOCUMENT,
    Base,
    EveryJson,
    Identified,
    JsonText,
    UtcDatetime,
    Uuid,
    choice,
)
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringRunStatus, ClusteringTrigger

_IS_RUNNING = text("status = 'running'")
_IS_RUNNING_WITHOUT_JOB = text("status = 'running' AND job_id IS NULL")
_IS_UNDER_WAY = text("status IN ('queued', 'running')")


class ClusteringConfigRow(Base):
    """The clustering configuration of a project: `assay.contracts.clustering.ClusteringConfig`."""

    __tablename__ = "clustering_configs"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True, autoincrement=False)
    event_filters: Mapped[list[Any]] = mapped_column(JSON_DOCUMENT)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)


class ClusteringJobRow(Base):
    """A clustering job: `assay.contracts.clustering.ClusteringJob`."""

    __tablename__ = "clustering_jobs"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
        UniqueConstraint("project_id", "name"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Text)
    analysis_level: Mapped[AnalysisLevel] = mapped_column(choice(AnalysisLevel, "analysis_level"))
    event_filters: Mapped[Any] = mapped_column(JsonText, nullable=False)
    enabled: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)


class ClusteringRunRow(Identified, Base):
    """A run of a clustering job: `assay.contracts.clustering_runs.ClusteringRun`.

    Of each job and level one at most is running; of runs without a job NULL would be unlike NULL, so these
    have an index of their own.

    Attributes:
        job_id: not a reference, for what was found stays known when a job is removed.
        previous: not a reference either: a run that is forgotten takes none of the later ones with it.
    """

    __tablename__ = "clustering_runs"
    __table_args__ = (
        CheckConstraint("window_start <= window_end", name="window_ordered"),
        CheckConstraint("(status IN ('queued', 'running')) = (finished_at IS NULL)", name="end_agrees"),
        CheckConstraint("next_cluster_id >= 0", name="next_cluster_id_not_negative"),
        Index(None, "project_id", "started_at"),
        Index(None, "project_id", "job_id", "level", "window_end"),
        Index(
            "ix_clustering_runs_under_way",
            "started_at",
            sqlite_where=_IS_UNDER_WAY,
            postgresql_where=_IS_UNDER_WAY,
        ),
        Index(
            "uq_clustering_runs_running",
            "project_id",
            "job_id",
            "level",
            unique=True,
            sqlite_where=_IS_RUNNING,
            postgresql_where=_IS_RUNNING,
        ),
        Index(
            "uq_clustering_runs_running_without_job",
            "project_id",
            "level",
            unique=True,
            sqlite_where=_IS_RUNNING_WITHOUT_JOB,
            postgresql_where=_IS_RUNNING_WITHOUT_JOB,
        ),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    run_id: Mapped[str] = mapped_column(Text)
    job_id: Mapped[UUID | None] = mapped_column(Uuid)
    job_name: Mapped[str] = mapped_column(Text)
    level: Mapped[AnalysisLevel] = mapped_column(choice(AnalysisLevel, "level"))
    trigger: Mapped[ClusteringTrigger] = mapped_column(choice(ClusteringTrigger, "trigger"))
    workflow_id: Mapped[str] = mapped_column(Text)
    status: Mapped[ClusteringRunStatus] = mapped_column(choice(ClusteringRunStatus, "status"))
    reason: Mapped[str] = mapped_column(Text)
    window_start: Mapped[datetime] = mapped_column(UtcDatetime)
    window_end: Mapped[datetime] = mapped_column(UtcDatetime)
    counts: Mapped[Any] = mapped_column(EveryJson, nullable=False)
    previous: Mapped[UUID | None] = mapped_column(Uuid)
    next_cluster_id: Mapped[int]
    parameters: Mapped[Any] = mapped_column(EveryJson, nullable=False)
    cost_usd: Mapped[float | None] = mapped_column(Double)
    started_at: Mapped[datetime] = mapped_column(UtcDatetime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDatetime)
