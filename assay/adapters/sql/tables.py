"""The registry's schema. Rules that rows must keep are constraints, so no writer can get past them.

`migrations/` holds the same schema as steps; a test proves that both agree.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assay.contracts.evaluations import EvaluationStatus, EvaluationType, OutputType, Provider, StatusReason


class UtcDatetime(TypeDecorator[datetime]):
    """An instant: aware on the way in, UTC on the way out, microseconds.

    SQLite has no zones; there the column holds UTC without saying so.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant as the driver takes it.

        Raises:
            ValueError: the value is naive, so nobody knows which instant it means.
        """
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("An instant needs a UTC offset.")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

_FOLDED_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on both databases, whatever the locale."""


def _choice(values: type[StrEnum], name: str) -> Enum:
    """A text column with a CHECK that it holds one of the enum's values."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Root of the tables; gives every constraint a name that a migration can address."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class OrganizationRow(Base):
    """A customer. Ids are time-ordered, so the least one is the first."""

    __tablename__ = "organizations"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    ai_consent: Mapped[bool]


class UserRow(Base):
    """A person."""

    __tablename__ = "users"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id that was used once is not used again

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    distinct_id: Mapped[str | None] = mapped_column(Text)
    is_email_verified: Mapped[bool | None]
    is_active: Mapped[bool]


class MembershipRole(StrEnum):
    """What a user may decide in an organisation."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class MembershipRow(Base):
    """A user's place in an organisation."""

    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[MembershipRole] = mapped_column(_choice(MembershipRole, "role"))


FIRST_PROJECT_ID = 1
"""The project of the bootstrap. Its id is given, not drawn, so that it is 1 even after a failed try."""


class ProjectRow(Base):
    """A project; events and evaluations belong to one."""

    __tablename__ = "projects"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Identity(start=FIRST_PROJECT_ID + 1), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(Text, unique=True)


class ApiKeyRow(Base):
    """An API key; the key itself is not stored.

    Attributes:
        key_hash: see `credentials.KeyHasher`.
        project_ids: projects the key is limited to; NULL is no limit.
    """

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("length(key_hash) = 64", name="key_hash"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(_JSON)
    project_ids: Mapped[list[int] | None] = mapped_column(_JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDatetime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDatetime)


class EvaluationRow(Base):
    """An evaluation: `assay.contracts.evaluations.Evaluation`, its model configuration as columns.

    JSONB keeps the value of a document, not its spelling: on PostgreSQL the order of keys is lost, and a
    float from 1e16 on comes back as the integer that PostgreSQL writes for it.

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
        CheckConstraint(
            "(provider IS NULL) = (model IS NULL) AND (provider IS NOT NULL OR provider_key_id IS NULL)",
            name="model_configuration_complete",
        ),
        # The limit of the public API; it also keeps folded names within an index entry of PostgreSQL.
        CheckConstraint("length(name) BETWEEN 1 AND 400", name="name_length"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "project_id", "created_at"),
        Index(None, "project_id", "updated_at"),
        Index(None, "project_id", "name_folded"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(_FOLDED_TEXT)
    description: Mapped[str] = mapped_column(Text)
    description_folded: Mapped[str] = mapped_column(_FOLDED_TEXT)
    enabled: Mapped[bool]
    status: Mapped[EvaluationStatus] = mapped_column(_choice(EvaluationStatus, "status"))
    status_reason: Mapped[StatusReason | None] = mapped_column(_choice(StatusReason, "status_reason"))
    evaluation_type: Mapped[EvaluationType] = mapped_column(_choice(EvaluationType, "evaluation_type"))
    evaluation_config: Mapped[dict[str, Any]] = mapped_column(_JSON)
    output_type: Mapped[OutputType] = mapped_column(_choice(OutputType, "output_type"))
    output_config: Mapped[dict[str, Any]] = mapped_column(_JSON)
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(_JSON)
    provider: Mapped[Provider | None] = mapped_column(_choice(Provider, "provider"))
    model: Mapped[str | None] = mapped_column(Text)
    provider_key_id: Mapped[UUID | None] = mapped_column(Uuid)
    deleted: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    updated_at: Mapped[datetime] = mapped_column(UtcDatetime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class TrialEvaluationRow(Base):
    """One verdict that was reached, or is being reached, on the operator's own model key."""

    __tablename__ = "trial_evaluations"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    verdict_event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    reserved_at: Mapped[datetime] = mapped_column(UtcDatetime)
    confirmed: Mapped[bool]
