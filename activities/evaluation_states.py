"""What evaluations are like now, asked of the registry at most about once a second.

Many items of a batch depend on the same few rows. A change of an evaluation takes effect within the second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from assay.contracts.evaluation_batches import Origin
from assay.contracts.evaluations import Evaluation, EvaluationType
from assay.domain.eligibility import obstacle
from assay.ports import Registry

FRESH_SECONDS = 1.0
"""How long an answer of the registry is good for."""


@dataclass(frozen=True, slots=True)
class EvaluationState:
    """An evaluation at one moment.

    Attributes:
        evaluation: None if it was deleted.
        consent: of its organisation; only asked for where a model is to judge.
    """

    evaluation: Evaluation | None
    consent: bool

    def obstacle(self, origin: Origin) -> str | None:
        """Why it judges nothing; see `assay.domain.eligibility`."""
        return obstacle(self.evaluation, origin, consent=self.consent)


class EvaluationStates:
    """Looks evaluations up.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, registry: Registry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock

    async def now(self, project_id: int, evaluation_id: UUID) -> EvaluationState:
        """The state as it is stored.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        evaluation = await self._registry.evaluations.get(project_id, evaluation_id)
        return EvaluationState(evaluation, await self.consent(project_id, evaluation))

    async def consent(self, project_id: int, *evaluations: Evaluation | None) -> bool:
        """Whether the project's organisation agrees that models judge; not asked where none of these does."""
        judges = (found and found.evaluation_type is EvaluationType.LLM_JUDGE for found in evaluations)
        if not any(judges):
            return False
        project = await self._registry.access.project(project_id)
        if project is None:
            return False
        organization = await self._registry.access.organization(project.organization_id)
        return organization is not None and organization.ai_consent

    def watch(self, project_id: int, evaluation_id: UUID, state: EvaluationState) -> WatchedEvaluation:
        """The state of one evaluation over time, beginning with one that was just read."""
        return WatchedEvaluation(self, project_id, evaluation_id, state, self._clock)


class WatchedEvaluation:
    """An evaluation whose state is read again when it is older than `FRESH_SECONDS`."""

    def __init__(
        self,
        states: EvaluationStates,
        project_id: int,
        evaluation_id: UUID,
        state: EvaluationState,
        clock: Callable[[], float],
    ) -> None:
        self._states = states
        self._project_id = project_id
        self._evaluation_id = evaluation_id
        self._state = state
        self._clock = clock
        self._read_at = clock()

    async def state(self) -> EvaluationState:
        """The state, at most about a second old.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        now = self._clock()
        if now - self._read_at >= FRESH_SECONDS:
            self._read_at = now  # before the wait: items that ask meanwhile need not ask as well
            self._state = await self._states.now(self._project_id, self._evaluation_id)
        return self._state
