"""What evaluations are like now, asked of the registry at most about once a second.

Many items of a batch depend on the same few rows. A change of an evaluation takes effect within the second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from activities.consent import has_ai_consent
from assay.contracts.evaluation_batches import Origin
from assay.contracts.evaluations import Evaluation, EvaluationType
from assay.domain.eligibility import obstacle
from assay.ports import Registry

FRESH_SECONDS = 1.0
"""How long an answer of the registry is good for."""

_REMEMBERED = 1_000
"""Evaluations whose state is kept at hand."""


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
        self._recent: OrderedDict[tuple[int, UUID], tuple[EvaluationState, float]] = OrderedDict()

    async def now(self, project_id: int, evaluation_id: UUID) -> EvaluationState:
        """The state as it is stored.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        began = self._clock()
        evaluation = await self._registry.evaluations.get(project_id, evaluation_id)
        state = EvaluationState(evaluation, await self.consent(project_id, evaluation))
        self._remember((project_id, evaluation_id), state, began)
        return state

    async def consent(self, project_id: int, *evaluations: Evaluation | None) -> bool:
        """Whether the project's organisation agrees that models judge; not asked where none of these does."""
        judges = (found and found.evaluation_type is EvaluationType.LLM_JUDGE for found in evaluations)
        return any(judges) and await has_ai_consent(self._registry.access, project_id)

    async def recent(self, project_id: int, evaluation_id: UUID) -> EvaluationState:
        """The state, at most about a second old; whoever asks meanwhile shares the answer.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        key, now = (project_id, evaluation_id), self._clock()
        known = self._recent.get(key)
        if known is not None:
            state, read_at = known
            if now - read_at < FRESH_SECONDS:
                return state
            self._recent[key] = state, now  # before the wait: others need not ask as well
        return await self.now(project_id, evaluation_id)

    def _remember(self, key: tuple[int, UUID], state: EvaluationState, read_at: float) -> None:
        self._recent[key] = state, read_at
        self._recent.move_to_end(key)
        while len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
