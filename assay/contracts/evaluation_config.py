"""What holds for all evaluations of a project."""

from __future__ import annotations

from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.provider_keys import ProviderKey


class EvaluationConfig(Contract):
    """The evaluation settings of a project.

    Attributes:
        active_provider_key: what evaluations that name no key of their own judge with; None: the
            operator's key.
    """

    project_id: int
    active_provider_key: ProviderKey | None
    created_at: UtcDatetime
    updated_at: UtcDatetime
