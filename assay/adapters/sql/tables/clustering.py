"""What is clustered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import JSON_DOCUMENT, Base, JsonText, UtcDatetime, Uuid, choice
from assay.contracts.clustering import AnalysisLevel


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
