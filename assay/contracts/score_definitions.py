"""Score definitions: what reviewers may score, and every version of how."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from assay.contracts.access import User
from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.lists import ListQuery


class ScoreKind(StrEnum):
    """What a score is; a definition keeps its kind for ever."""

    CATEGORICAL = "categorical"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"


class SelectionMode(StrEnum):
    """How many options a categorical score takes."""

    SINGLE = "single"
    MULTIPLE = "multiple"


class ScoreDefinitionSpec(Contract):
    """What a client decides about a new definition.

    Attributes:
        config: in its stored form, see `assay.domain.scores.config`.
    """

    name: str
    description: str = ""
    kind: ScoreKind
    config: dict[str, Any]


class ScoreDefinitionChange(Contract):
    """A change that makes no new version; None keeps what there is."""

    name: str | None = None
    description: str | None = None
    archived: bool | None = None


class ScoreDefinition(ScoreDefinitionSpec):
    """A stored definition with the config of its current version."""

    id: UUID
    project_id: int
    archived: bool
    current_version: int
    current_version_id: UUID
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None


class ScoreDefinitionVersion(Contract):
    """One version of a definition's config. It never changes, so scores refer to it and need no copy.

    Attributes:
        version: 1 for the first, one more for each that follows.
        kind: the definition's.
    """

    id: UUID
    definition_id: UUID
    version: int
    kind: ScoreKind
    config: dict[str, Any]
    created_at: UtcDatetime
    created_by: User | None


class ScoreDefinitionQuery(ListQuery):
    """Filters, order (name, kind, created_at, updated_at, current_version; by name) and page.

    Attributes:
        archived: archived ones instead of active ones.
        search: a piece of the name or description, in any case.
    """

    archived: bool = False
    kind: ScoreKind | None = None
    search: str = ""
