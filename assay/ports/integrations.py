"""Where projects' integrations are kept."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr

from assay.contracts.integrations import Integration, IntegrationKind


class IntegrationRepository(Protocol):
    """Integrations of all projects; every call names the project. Tokens are sealed like provider keys."""

    async def add(
        self, project_id: int, kind: IntegrationKind, *, name: str, token: SecretStr
    ) -> Integration:
        """Store an integration, or put a new token to the one of the same kind and name."""

    async def get(self, project_id: int, integration_id: int) -> Integration | None:
        """One integration, or None."""

    async def token(self, project_id: int, integration_id: int) -> SecretStr | None:
        """The token of an integration; None if there is none.

        Raises:
            ProviderKeyUnreadable: the secret that it is sealed with is not configured here.
        """

    async def remove(self, project_id: int, integration_id: int) -> bool:
        """Remove one; False if there was none."""

    async def list(self, project_id: int) -> list[Integration]:
        """All of a project, oldest first."""
