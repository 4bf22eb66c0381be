"""Projects' connections to other services."""

from __future__ import annotations

from enum import StrEnum

from assay.contracts.base import Contract, UtcDatetime


class IntegrationKind(StrEnum):
    """What is connected."""

    SLACK = "slack"


class Integration(Contract):
    """A stored integration as it can be shown: its token stays sealed.

    Attributes:
        name: of the workspace.
        masked: enough of the token to recognise it by.
    """

    id: int
    project_id: int
    kind: IntegrationKind
    name: str
    masked: str
    created_at: UtcDatetime
