"""Datasets and their items."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import FOLDED_TEXT, Authored, Base, JsonText, UtcDatetime, Uuid


class DatasetRow(Authored, Base):
    """A dataset: `assay.contracts.datasets.Dataset`.

    Attributes:
        name_folded, description_folded, metadata_folded: case-folded copies, what `search` looks into;
            empty where there is nothing to find.
    """

    __tablename__ = "datasets"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 400", name="name_length"),
        UniqueConstraint("id", "project_id"),  # what items refer to
        Index(None, "project_id", "created_at"),
        Index(None, "project_id", "updated_at"),
    )

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    description: Mapped[str | None] = mapped_column(Text)
    description_folded: Mapped[str] = mapped_column(FOLDED_TEXT)
    # `metadata` itself is SQLAlchemy's word on a table's class.
    json_metadata: Mapped[Any] = mapped_column("metadata", JsonText, nullable=True)
    metadata_folded: Mapped[str] = mapped_column(FOLDED_TEXT, deferred=True)  # long, and never read
    deleted: Mapped[bool | None]


class DatasetItemRow(Authored, Base):
    """An item of a dataset: `assay.contracts.datasets.DatasetItem`.

    Attributes:
        size: characters of its three documents. Written down, so that a list knows without reading them.
    """

    __tablename__ = "dataset_items"
    __table_args__ = (
        # With the project in it, an item cannot belong to another project's dataset.
        ForeignKeyConstraint(["dataset_id", "project_id"], ["datasets.id", "datasets.project_id"]),
        CheckConstraint("length(ref_trace_id) <= 255", name="ref_trace_id_length"),
        CheckConstraint("length(ref_source_id) <= 255", name="ref_source_id_length"),
        Index(None, "project_id", "created_at"),
        Index(None, "dataset_id", "created_at"),
    )

    dataset_id: Mapped[UUID] = mapped_column(Uuid)
    input: Mapped[Any] = mapped_column(JsonText, nullable=True)
    output: Mapped[Any] = mapped_column(JsonText, nullable=True)
    json_metadata: Mapped[Any] = mapped_column("metadata", JsonText, nullable=True)
    size: Mapped[int]
    ref_trace_id: Mapped[str | None] = mapped_column(Text)
    ref_timestamp: Mapped[datetime | None] = mapped_column(UtcDatetime)
    ref_source_id: Mapped[str | None] = mapped_column(Text)
    deleted: Mapped[bool | None]
