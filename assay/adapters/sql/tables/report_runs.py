"""Runs of evaluation reports: what was found and written, what was delivered, what the author was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import Base, EveryJson, Identified, UtcDatetime, Uuid, choice
from assay.contracts.report_runs import DeliveryStatus, GenerationStatus, RecipientKind, ReportTrigger


class ReportRunRow(Identified, Base):
    """A run: `assay.contracts.report_runs.ReportRun`.

    Attributes:
        generation_status: that of the content; None without one. Lists go by it.
        content_size: characters of the content. Written down, so that a list knows without reading it.
    """

    __tablename__ = "report_runs"
    __table_args__ = (
        # With the project in them, a run cannot belong to another project's report or evaluation.
        ForeignKeyConstraint(
            ["report_id", "project_id"], ["evaluation_reports.id", "evaluation_reports.project_id"]
        ),
        ForeignKeyConstraint(["evaluation_id", "project_id"], ["evaluations.id", "evaluations.project_id"]),
        CheckConstraint(
            "(content IS NULL) = (generation_status IS NULL) AND (content IS NULL) = (content_size = 0)",
            name="content_complete",
        ),
        CheckConstraint("period_start <= period_end", name="period_ordered"),
        UniqueConstraint("id", "project_id"),
        Index(None, "report_id", "created_at"),
        Index(None, "evaluation_id"),
        Index(None, "created_at"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    report_id: Mapped[UUID] = mapped_column(Uuid)
    evaluation_id: Mapped[UUID] = mapped_column(Uuid)
    trigger: Mapped[ReportTrigger] = mapped_column(choice(ReportTrigger, "trigger"))
    period_start: Mapped[datetime] = mapped_column(UtcDatetime)
    period_end: Mapped[datetime] = mapped_column(UtcDatetime)
    content: Mapped[Any] = mapped_column(EveryJson, nullable=True)
    content_size: Mapped[int]
    generation_status: Mapped[GenerationStatus | None] = mapped_column(
        choice(GenerationStatus, "generation_status")
    )
    delivery_status: Mapped[DeliveryStatus] = mapped_column(choice(DeliveryStatus, "delivery_status"))
    delivery_errors: Mapped[Any] = mapped_column(EveryJson)
    model: Mapped[str | None] = mapped_column(Text)
    cost_usd: Mapped[float | None] = mapped_column(Double)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)


class ReportDeliveryRow(Base):
    """What became of a run for one recipient: `assay.contracts.report_runs.Delivery`.

    Attributes:
        integration_id: not a reference, for what was delivered stays known when an integration is removed.
    """

    __tablename__ = "report_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "project_id"], ["report_runs.id", "report_runs.project_id"]),
        CheckConstraint("length(recipient_key) BETWEEN 1 AND 300", name="recipient_key_length"),
        CheckConstraint("(kind = 'slack') = (integration_id IS NOT NULL)", name="recipient_complete"),
        CheckConstraint("error IS NULL OR NOT is_done", name="outcome_agrees"),
    )

    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    recipient_key: Mapped[str] = mapped_column(Text, primary_key=True)
    project_id: Mapped[int]
    kind: Mapped[RecipientKind] = mapped_column(choice(RecipientKind, "kind"))
    address: Mapped[str] = mapped_column(Text)
    integration_id: Mapped[int | None]
    receipt: Mapped[Any] = mapped_column(EveryJson)
    is_done: Mapped[bool]
    error: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)


class ReportMessageRow(Base):
    """A message of a transcript: `assay.contracts.report_runs.TranscriptEntry`."""

    __tablename__ = "report_messages"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "project_id"], ["report_runs.id", "report_runs.project_id"]),
        CheckConstraint("number >= 0", name="number_not_negative"),
    )

    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[int]
    message: Mapped[Any] = mapped_column(EveryJson)
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    cost_usd: Mapped[float | None] = mapped_column(Double)
