"""Organisations, projects, users and API keys in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Nullable, Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql import records
from assay.adapters.sql.clock import new_id, utc_now
from assay.adapters.sql.credentials import KeyHasher, new_api_key, new_ingestion_token
from assay.adapters.sql.database import Database
from assay.adapters.sql.storable import MAX_INTEGER, check_value, is_storable
from assay.adapters.sql.tables import (
    ApiKeyRow,
    MembershipRole,
    MembershipRow,
    OrganizationRow,
    ProjectRow,
    UserRow,
)
from assay.contracts.access import ApiKey, Organization, Principal, Project, User
from assay.errors import NotFound, SetupError

_USE_RECORDED_EVERY = timedelta(hours=1)

_EMPTY = "The registry is empty: run `assay dev` or `assay migrate` once, which makes the first project."


class SqlAccess:
    """`assay.ports.AccessRepository` on the registry's database."""

    def __init__(self, database: Database, hasher: KeyHasher) -> None:
        self._database = database
        self._hasher = hasher

    async def authenticate(self, secret: str) -> Principal | None:
        """The caller behind an API key, or None; refreshes `last_used_at` at most once an hour."""
        statement = _callers().where(
            ApiKeyRow.key_hash.in_(self._hasher.candidates(secret)),
            ApiKeyRow.revoked_at.is_(None),
            UserRow.is_active,
        )
        now = utc_now()
        async with self._database.read() as session:
            rows = (await session.execute(statement)).all()
            if not rows:
                return None
            key, user = rows[0][:2]
            memberships = [
                _Membership(organization_id, role, lowest)
                for _, _, organization_id, role, lowest in rows
                if organization_id is not None and role is not None
            ]
            if key.project_ids is not None:
                memberships = await _limited(session, memberships, key.project_ids)
            principal = _principal(key, user, memberships)
            last_used_at = key.last_used_at
        if last_used_at is None or last_used_at < now - _USE_RECORDED_EVERY:
            await self._record_use(principal.key_id, now)
        return principal

    async def _record_use(self, key_id: UUID, now: datetime) -> None:
        not_lately = or_(ApiKeyRow.last_used_at.is_(None), ApiKeyRow.last_used_at < now - _USE_RECORDED_EVERY)
        async with self._database.write() as session:
            await session.execute(
                update(ApiKeyRow).where(ApiKeyRow.id == key_id, not_lately).values(last_used_at=now)
            )

    async def project(self, project_id: int) -> Project | None:
        """One project, or None."""
        if not 0 < project_id <= MAX_INTEGER:
            return None
        return await self._project_where(ProjectRow.id == project_id)

    async def project_ids(self) -> list[int]:
        """All projects there are, ascending."""
        async with self._database.read() as session:
            return list(await session.scalars(select(ProjectRow.id).order_by(ProjectRow.id)))

    async def project_by_token(self, token: str) -> Project | None:
        """The project that an ingestion token writes to, or None."""
        if not is_storable(token):
            return None
        return await self._project_where(ProjectRow.token == token)

    async def _project_where(self, condition: ColumnElement[bool]) -> Project | None:
        async with self._database.read() as session:
            row = await session.scalar(select(ProjectRow).where(condition))
            return None if row is None else records.project(row)

    async def organization(self, organization_id: UUID) -> Organization | None:
        """One organisation, or None."""
        async with self._database.read() as session:
            row = await session.get(OrganizationRow, organization_id)
            return None if row is None else records.organization(row)

    async def create_project(self, name: str) -> Project:
        """A new project of the first organisation, with a fresh ingestion token.

        Raises:
            FieldError: the name cannot be stored.
            SetupError: the registry is empty.
        """
        check_value(name, attr="name")
        async with self._database.write() as session:
            organization = await _first_organization(session)
            row = ProjectRow(organization_id=organization.id, name=name, token=new_ingestion_token())
            session.add(row)
            await session.flush()
            return records.project(row)

    async def create_key(
        self, *, project_id: int | None, scopes: Sequence[str], label: str
    ) -> tuple[ApiKey, str]:
        """A new API key of the first user, limited to the project if one is given, and its secret.

        Raises:
            FieldError: the label cannot be stored.
            NotFound: there is no such project.
            SetupError: the registry is empty.
        """
        check_value(label, attr="label")
        if project_id is not None and await self.project(project_id) is None:
            raise NotFound(f"There is no project {project_id}.")
        secret = new_api_key()
        async with self._database.write() as session:
            user = await _first_user(session)
            row = key_row(
                user_id=user.id,
                key_hash=self._hasher.hash(secret),
                scopes=scopes,
                project_ids=None if project_id is None else [project_id],
                label=label,
            )
            session.add(row)
            await session.flush()
            return records.api_key(row, user.email), secret

    async def list_keys(self) -> list[ApiKey]:
        """All keys that are not revoked, oldest first."""
        statement = (
            select(ApiKeyRow, UserRow.email)
            .join(UserRow, UserRow.id == ApiKeyRow.user_id)
            .where(ApiKeyRow.revoked_at.is_(None))
            .order_by(ApiKeyRow.created_at, ApiKeyRow.id)
        )
        async with self._database.read() as session:
            rows = await session.execute(statement)
            return [records.api_key(key, email) for key, email in rows]

    async def revoke_key(self, key_id: UUID) -> bool:
        """Revoke a key; False if there was none."""
        statement = (
            update(ApiKeyRow)
            .where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None))
            .values(revoked_at=utc_now())
            .returning(ApiKeyRow.id)
        )
        async with self._database.write() as session:
            return await session.scalar(statement) is not None

    async def set_ai_consent(self, consent: bool) -> Organization:
        """Record the first organisation's decision on third-party AI processing.

        Raises:
            SetupError: the registry is empty.
        """
        async with self._database.write() as session:
            row = await _first_organization(session)
            row.ai_consent = consent
            await session.flush()
            return records.organization(row)

    async def first_user(self) -> User:
        """The user made by the bootstrap.

        Raises:
            SetupError: the registry is empty.
        """
        async with self._database.read() as session:
            return records.user(await _first_user(session))


def key_row(
    *,
    user_id: int,
    key_hash: str,
    scopes: Sequence[str],
    project_ids: Sequence[int] | None,
    label: str,
) -> ApiKeyRow:
    """A new API key, not used yet."""
    return ApiKeyRow(
        id=new_id(),
        user_id=user_id,
        label=label,
        key_hash=key_hash,
        scopes=list(scopes),
        project_ids=None if project_ids is None else list(project_ids),
        created_at=utc_now(),
    )


class _Membership(NamedTuple):
    """A caller's place in one organisation.

    Attributes:
        lowest_project_id: the first of the organisation's projects that the key reaches; None if there is
            none.
    """

    organization_id: UUID
    role: MembershipRole
    lowest_project_id: int | None


def _callers() -> Select[ApiKeyRow, UserRow, UUID | None, MembershipRole | None, int | None]:
    """Keys with their users, one row for each organisation of the user; one row without, if there is none."""
    lowest = (
        select(func.min(ProjectRow.id))
        .where(ProjectRow.organization_id == MembershipRow.organization_id)
        .scalar_subquery()
    )
    return (
        select(
            ApiKeyRow,
            UserRow,
            Nullable(MembershipRow.organization_id),
            Nullable(MembershipRow.role),
            Nullable(lowest),
        )
        .join(UserRow, UserRow.id == ApiKeyRow.user_id)
        .outerjoin(MembershipRow, MembershipRow.user_id == UserRow.id)
        .order_by(MembershipRow.organization_id)
    )


async def _limited(
    session: AsyncSession, memberships: list[_Membership], project_ids: Sequence[int]
) -> list[_Membership]:
    """The same memberships for a key that reaches some projects only."""
    rows = await session.execute(
        select(ProjectRow.organization_id, func.min(ProjectRow.id))
        .where(ProjectRow.id.in_(project_ids))
        .group_by(ProjectRow.organization_id)
    )
    lowest = {organization_id: project_id for organization_id, project_id in rows}
    return [place._replace(lowest_project_id=lowest.get(place.organization_id)) for place in memberships]


def _principal(key: ApiKeyRow, user: UserRow, memberships: Sequence[_Membership]) -> Principal:
    reachable = [place.lowest_project_id for place in memberships if place.lowest_project_id is not None]
    return Principal(
        key_id=key.id,
        user=records.user(user),
        scopes=tuple(key.scopes),
        project_ids=None if key.project_ids is None else tuple(key.project_ids),
        organization_ids=tuple(place.organization_id for place in memberships),
        admin_organization_ids=tuple(
            place.organization_id
            for place in memberships
            if place.role in (MembershipRole.OWNER, MembershipRole.ADMIN)
        ),
        current_project_id=min(reachable, default=None),
    )


async def _first_organization(session: AsyncSession) -> OrganizationRow:
    row = await session.scalar(select(OrganizationRow).order_by(OrganizationRow.id).limit(1))
    if row is None:
        raise SetupError(_EMPTY)
    return row


async def _first_user(session: AsyncSession) -> UserRow:
    row = await session.scalar(select(UserRow).order_by(UserRow.id).limit(1))
    if row is None:
        raise SetupError(_EMPTY)
    return row
