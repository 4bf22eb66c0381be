"""Where score definitions are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol
from uuid import UUID

from assay.contracts.lists import ListQuery
from assay.contracts.score_definitions import (
    ScoreDefinition,
    ScoreDefinitionChange,
    ScoreDefinitionQuery,
    ScoreDefinitionSpec,
    ScoreDefinitionVersion,
)


class ScoreDefinitionRepository(Protocol):
    """Score definitions of all projects, and every version of their configs."""

    async def create(
        self, project_id: int, spec: ScoreDefinitionSpec, *, created_by: int | None
    ) -> ScoreDefinition:
        """Store a new, active definition with version 1."""

    async def get(self, project_id: int, definition_id: UUID) -> ScoreDefinition | None:
        """One definition, or None."""

    async def get_many(self, project_id: int, definition_ids: Collection[UUID]) -> list[ScoreDefinition]:
        """Those of the definitions that the project has, in no order."""

    async def list(self, project_id: int, query: ScoreDefinitionQuery) -> tuple[int, list[ScoreDefinition]]:
        """Number of matching definitions, and one page of them."""

    async def update(
        self, project_id: int, definition_id: UUID, change: ScoreDefinitionChange
    ) -> ScoreDefinition | None:
        """Change a definition, but not its config; None if there is none.

        A change that changes nothing writes nothing.
        """

    async def new_version(
        self,
        project_id: int,
        definition_id: UUID,
        config: dict[str, Any],
        *,
        base_version: int | None,
        created_by: int | None,
    ) -> ScoreDefinition | None:
        """Add a version and make it the current one; None if there is no such definition.

        Args:
            config: in its stored form; may be the same as before.
            base_version: what must be the current version; None: whatever it is.

        Raises:
            VersionConflict: it is another; of callers with the same base version, one wins.
        """

    async def versions(
        self, project_id: int, definition_id: UUID, query: ListQuery
    ) -> tuple[int, Sequence[ScoreDefinitionVersion]]:
        """Number of versions of a definition, and one page of them, newest first."""

    async def get_versions(
        self, project_id: int, version_ids: Collection[UUID]
    ) -> Sequence[ScoreDefinitionVersion]:
        """Those of the versions that the project has, in no order."""
