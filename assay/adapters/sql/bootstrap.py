"""What a registry holds after the first start: an organisation, a user, project 1 and an API key."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql import records
from assay.adapters.sql.access import key_row
from assay.adapters.sql.clock import new_id
from assay.adapters.sql.credentials import KeyHasher, new_api_key, new_ingestion_token
from assay.adapters.sql.database import exclusively
from assay.adapters.sql.registry import SqlRegistry
from assay.adapters.sql.tables import (
    FIRST_PROJECT_ID,
    ApiKeyRow,
    MembershipRole,
    MembershipRow,
    OrganizationRow,
    ProjectRow,
    UserRow,
)
from assay.contracts.access import Project
from assay.errors import SetupError


@dataclass(frozen=True, slots=True)
class BootstrapResult:
    """What the bootstrap found or made.

    Attributes:
        project: project 1.
        created: whether this call made it.
        new_api_key: the API key that was generated because none was given; it cannot be read again.
    """

    project: Project
    created: bool
    new_api_key: str | None


async def bootstrap(
    registry: SqlRegistry,
    *,
    api_key: str | None,
    project_token: str | None,
    user_email: str,
    ai_consent: bool,
) -> BootstrapResult:
    """Bring the registry to what the operator configured; safe at every start and from many processes.

    Args:
        registry: its schema is up to date.
        api_key: a key with scope `*` that must work, unless it was revoked; None: one is generated on
            the first start.
        project_token: ingestion token of project 1; None: it keeps its token, generated on the first start.
        user_email: address of the first user; used on the first start.
        ai_consent: the first organisation's decision on AI processing; used on the first start.

    Returns:
        Project 1, and the generated key if there is one.

    Raises:
        SetupError: the token belongs to another project.
    """
    async with registry.database.write() as session:
        await exclusively(session, "assay bootstrap")
        project = await session.get(ProjectRow, FIRST_PROJECT_ID)
        created = project is None
        if project is None:
            project = await _create(session, user_email, ai_consent=ai_consent)
        if project_token:
            await _set_token(session, project, project_token)
        new_key = new_api_key() if created and not api_key else None
        if key := api_key or new_key:
            await _ensure_key(session, registry.hasher, key)
        await session.flush()
        return BootstrapResult(records.project(project), created, new_key)


async def _create(session: AsyncSession, user_email: str, *, ai_consent: bool) -> ProjectRow:
    organization = OrganizationRow(id=new_id(), name="Default", ai_consent=ai_consent)
    user = UserRow(
        uuid=new_id(),
        email=user_email,
        first_name="",
        last_name="",
        distinct_id=str(uuid4()),
        is_email_verified=None,
        is_active=True,
    )
    session.add_all([organization, user])
    await session.flush()
    project = ProjectRow(
        id=FIRST_PROJECT_ID,
        organization_id=organization.id,
        name="Default project",
        token=new_ingestion_token(),
    )
    membership = MembershipRow(user_id=user.id, organization_id=organization.id, role=MembershipRole.OWNER)
    session.add_all([project, membership])
    await session.flush()
    return project


async def _set_token(session: AsyncSession, project: ProjectRow, token: str) -> None:
    owner = await session.scalar(select(ProjectRow.id).where(ProjectRow.token == token))
    if owner not in {None, project.id}:
        raise SetupError(f"The ingestion token for project {project.id} already belongs to project {owner}.")
    project.token = token


async def _ensure_key(session: AsyncSession, hasher: KeyHasher, key: str) -> None:
    # A revoked key counts as known: a restart must not bring it back.
    known = await session.scalar(select(ApiKeyRow.id).where(ApiKeyRow.key_hash.in_(hasher.candidates(key))))
    if known is not None:
        return
    first_user = select(UserRow.id).order_by(UserRow.id).limit(1)
    session.add(
        key_row(
            user_id=(await session.scalars(first_user)).one(),
            key_hash=hasher.hash(key),
            scopes=["*"],
            project_ids=None,
            label="bootstrap",
        )
    )
