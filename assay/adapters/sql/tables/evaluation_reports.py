"""Evaluation reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import JSON_DOCUMENT, Authored, Base, UtcDatetime, Uuid, choice
from assay.contracts.evaluation_reports import ReportFrequency


class EvaluationReportRow(Authored, Base):
    """A report: `assay.contracts.evaluation_reports.EvaluationReport`."""

    __tablename__ = "evaluation_reports"
    __table_args__ = (
        ForeignKeyConstraint(["evaluation_id", "project_id"], ["evaluations.id", "evaluations.project_id"]),
        CheckConstraint(
            "(frequency = 'every_n' AND trigger_threshold IS NOT NULL AND next_delivery_date IS NULL)"
            " OR (frequency = 'scheduled' AND rrule <> '' AND starts_at IS NOT NULL)",
            name="frequency_complete",
        ),
        # what the public API allows
        CheckConstraint("length(rrule) <= 512", name="rrule_length"),
        CheckConstraint("length(timezone_name) BETWEEN 1 AND 64", name="timezone_name_length"),
        CheckConstraint("max_sample_size >= 1", name="max_sample_size_positive"),
        CheckConstraint("trigger_threshold BETWEEN 10 AND 10000", name="trigger_threshold_range"),
        CheckConstraint("cooldown_minutes BETWEEN 60 AND 1440", name="cooldown_minutes_range"),
        CheckConstraint("daily_run_cap BETWEEN 1 AND 24", name="daily_run_cap_range"),
        # what runs refer to, so that no run is of another project's report
        Index(None, "id", "project_id", unique=True),
        Index(None, "project_id", "created_at"),
        Index(None, "evaluation_id"),
    )

    evaluation_id: Mapped[UUID] = mapped_column(Uuid)
    frequency: Mapped[ReportFrequency] = mapped_column(choice(ReportFrequency, "frequency"))
    rrule: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime | None] = mapped_column(UtcDatetime)
    timezone_name: Mapped[str] = mapped_column(Text)
    next_delivery_date: Mapped[datetime | None] = mapped_column(UtcDatetime)
    delivery_targets: Mapped[list[dict[str, Any]]] = mapped_column(JSON_DOCUMENT)
    max_sample_size: Mapped[int]
    enabled: Mapped[bool]
    deleted: Mapped[bool]
    last_delivered_at: Mapped[datetime | None] = mapped_column(UtcDatetime)
    report_prompt_guidance: Mapped[str] = mapped_column(Text)
    trigger_threshold: Mapped[int | None]
    cooldown_minutes: Mapped[int]
    daily_run_cap: Mapped[int]
