"""Projects' connections to other services."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import Base, UtcDatetime, choice
from assay.contracts.integrations import IntegrationKind


class IntegrationRow(Base):
    """An integration: `assay.contracts.integrations.Integration` and its sealed token.

    Attributes:
        id: a number, for that is what delivery targets name.
        sealed, sealed_with, masked: as in `ProviderKeyRow`.
    """

    __tablename__ = "integrations"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 255", name="name_length"),
        UniqueConstraint("project_id", "kind", "name"),
        # What was removed stays removed: reports that name it must not find another one in its place.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    kind: Mapped[IntegrationKind] = mapped_column(choice(IntegrationKind, "kind"))
    name: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_with: Mapped[str] = mapped_column(String(16))
    masked: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)
