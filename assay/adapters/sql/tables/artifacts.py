"""Artifacts: what was made of something, under a digest of what it was made from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import Base, UtcDatetime, choice
from assay.contracts.artifacts import ArtifactKind


class ArtifactRow(Base):
    """An artifact: `assay.contracts.artifacts.Artifact`.

    Attributes:
        body: its JSON, compressed (zlib): texts of traces are long and shrink to a tenth.
    """

    __tablename__ = "artifacts"
    __table_args__ = (
        CheckConstraint("length(digest) = 64", name="digest_length"),
        Index(None, "project_id", "kind", "subject", "variant", "created_at"),
        Index(None, "expires_at"),
    )

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    kind: Mapped[ArtifactKind] = mapped_column(choice(ArtifactKind, "kind"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(Text)
    variant: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    expires_at: Mapped[datetime] = mapped_column(UtcDatetime)
