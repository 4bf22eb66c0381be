"""The SQL side as a whole."""

from __future__ import annotations

from typing import Protocol

from assay.ports.access import AccessRepository
from assay.ports.evaluations import EvaluationRepository, TrialLedger


class Registry(Protocol):
    """The SQL side: configuration and access."""

    @property
    def evaluations(self) -> EvaluationRepository:
        """Evaluations."""

    @property
    def access(self) -> AccessRepository:
        """Callers and projects."""

    @property
    def trial(self) -> TrialLedger:
        """Use of the house key."""

    async def ping(self) -> None:
        """Prove that the registry answers."""

    async def close(self) -> None:
        """Release all connections."""
