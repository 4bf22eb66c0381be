"""Organisations, users, projects and API keys."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assay.adapters.sql.tables.base import JSON_DOCUMENT, Base, UtcDatetime, Uuid, choice


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
    role: Mapped[MembershipRole] = mapped_column(choice(MembershipRole, "role"))


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
    scopes: Mapped[list[str]] = mapped_column(JSON_DOCUMENT)
    project_ids: Mapped[list[int] | None] = mapped_column(JSON_DOCUMENT)
    created_at: Mapped[datetime] = mapped_column(UtcDatetime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDatetime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDatetime)
