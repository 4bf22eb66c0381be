"""Projects' own keys for model providers, and what holds for all evaluations of a project."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import Authored, Base, UtcDatetime, choice
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyState


class ProviderKeyRow(Authored, Base):
    """A provider key: `assay.contracts.provider_keys.ProviderKey` and its sealed secret.

    Attributes:
        sealed: the secret, encrypted; see `sealing.Sealer`.
        sealed_with: id of the key that opens it.
        masked: made when the secret is stored, so that showing a key needs no decryption.
    """

    __tablename__ = "provider_keys"
    __table_args__ = (
        CheckConstraint("length(name) BETWEEN 1 AND 255", name="name_length"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("state <> 'ok' OR error_message IS NULL", name="state_agrees"),
        CheckConstraint(
            "(provider = 'azure_openai') = (azure_endpoint IS NOT NULL)"
            " AND (provider = 'azure_openai') = (api_version IS NOT NULL)",
            name="azure_complete",
        ),
        Index(None, "project_id", "created_at"),
    )

    provider: Mapped[Provider] = mapped_column(choice(Provider, "provider"))
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[KeyState] = mapped_column(choice(KeyState, "state"))
    error_message: Mapped[str | None] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_with: Mapped[str] = mapped_column(String(16))
    masked: Mapped[str] = mapped_column(Text)
    azure_endpoint: Mapped[str | None] = mapped_column(Text)
    api_version: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int]
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDatetime)


class EvaluationConfigRow(Base):
    """The evaluation settings of one project."""

    __tablename__ = "evaluation_configs"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    active_provider_key_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("provider_keys.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)
