"""Evaluations, and the count of those that ran on the operator's key."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import (
    FOLDED_TEXT,
    JSON_DOCUMENT,
    Authored,
    Base,
    UtcDatetime,
    Uuid,
    choice,
)
from assay.contracts.evaluations import EvaluationStatus, EvaluationType, OutputType, Provider, StatusReason

_ACTIVE = text("active_since IS NOT NULL")


class EvaluationRow(Authored, Base):
    """An evaluation: `assay.contracts.evaluations.Evaluation`, its model configuration as columns.

    Attributes:
        name_folded, description_folded: case-folded copies, what `search` looks into and `name` sorts
            by. Folding in Python makes both databases agree on every alphabet.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        CheckConstraint(
            "(status = 'active' AND enabled AND status_reason IS NULL)"
            " OR (status = 'paused' AND NOT enabled AND status_reason IS NULL)"
            " OR (status = 'error' AND NOT enabled AND status_reason IS NOT NULL)",
            name="status_agrees",
        ),
        CheckConstraint("(status = 'active') = (active_since IS NOT NULL)", name="active_since_agrees"),
        CheckConstraint(
            "(provider IS NULL) = (model IS NULL) AND (provider IS NOT NULL OR provider_key_id IS NULL)",
            name="model_configuration_complete",
        ),
        # The limit of the public API; it also keeps folded names within an index entry of PostgreSQL.
        CheckConstraint("length(name) BETWEEN 1 AND 400", name="name_length"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "id", "project_id", unique=True),  # what reports refer to
        Index(None, "project_id", "created_at"),
        Index(None, "project_id", "updated_at"),
        Index(None, "project_id", "name_folded"),
        # What live traffic is compared with, several times per second.
        Index(
            "ix_evaluations_active",
            "project_id",
            "created_at",
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
    )

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    description: Mapped[str] = mapped_column(Text)
    description_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    enabled: Mapped[bool]
    status: Mapped[EvaluationStatus] = mapped_column(choice(EvaluationStatus, "status"))
    status_reason: Mapped[StatusReason | None] = mapped_column(choice(StatusReason, "status_reason"))
    active_since: Mapped[datetime | None] = mapped_column(UtcDatetime)
    evaluation_type: Mapped[EvaluationType] = mapped_column(choice(EvaluationType, "evaluation_type"))
    evaluation_config: Mapped[dict[str, Any]] = mapped_column(JSON_DOCUMENT)
    output_type: Mapped[OutputType] = mapped_column(choice(OutputType, "output_type"))
    output_config: Mapped[dict[str, Any]] = mapped_column(JSON_DOCUMENT)
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSON_DOCUMENT)
    provider: Mapped[Provider | None] = mapped_column(choice(Provider, "provider"))
    model: Mapped[str | None] = mapped_column(Text)
    provider_key_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("provider_keys.id", ondelete="SET NULL"), index=True
    )
    deleted: Mapped[bool]
    version: Mapped[int]


class TrialEvaluationRow(Base):
    """One verdict that was reached, or is being reached, on the operator's own model key."""

    __tablename__ = "trial_evaluations"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    verdict_event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reserved_at: Mapped[datetime] = mapped_column(UtcDatetime)
    confirmed: Mapped[bool]
