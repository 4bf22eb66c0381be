"""Who may call, and what they may reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from assay.contracts.access import ApiKey, Organization, Principal, Project, User


class AccessRepository(Protocol):
    """Organisations, users, projects, memberships and API keys."""

    async def authenticate(self, secret: str) -> Principal | None:
        """The caller behind an API key, or None; refreshes `last_used_at` at most once an hour."""

    async def project(self, project_id: int) -> Project | None:
        """One project, or None."""

    async def project_ids(self) -> Sequence[int]:
        """All projects there are, ascending."""

    async def project_by_token(self, token: str) -> Project | None:
        """The project that an ingestion token writes to, or None."""

    async def organization(self, organization_id: UUID) -> Organization | None:
        """One organisation, or None."""

    async def create_project(self, name: str) -> Project:
        """A new project of the first organisation, with a fresh ingestion token."""

    async def create_key(
        self, *, project_id: int | None, scopes: Sequence[str], label: str
    ) -> tuple[ApiKey, str]:
        """A new API key of the first user, limited to the project if one is given, and its secret."""

    async def list_keys(self) -> list[ApiKey]:
        """All keys that are not revoked, oldest first."""

    async def revoke_key(self, key_id: UUID) -> bool:
        """Revoke a key; False if there was none."""

    async def set_ai_consent(self, consent: bool) -> Organization:
        """Record the first organisation's decision on third-party AI processing."""

    async def first_user(self) -> User:
        """The user made by the bootstrap."""
