"""Who judges a batch: the model of its evaluation, chosen anew every few seconds.

The choice costs several statements and a decryption, which the items of a batch share. A key that is
changed, a model that is replaced take effect within that time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from activities.judge_models import KEY_NOT_OK, JudgeModel, JudgeModels
from activities.judging import gate_key
from activities.model_gate import ModelGate
from activities.notices import stop_evaluation
from assay.contracts.evaluations import Evaluation, FailEvaluationInput, ModelConfiguration, StatusReason
from assay.contracts.provider_keys import KeyState
from assay.domain.provider_keys import ERROR_PAUSE
from assay.errors import JudgeUnavailable, QuotaExceeded
from assay.ports import Registry

FRESH_SECONDS = 2.0
"""How long a choice is good for."""

LONGEST_PARK = 60.0
"""Seconds after which a parked batch looks whether something has changed, whatever it waits for."""

_AT_ONCE = 1.0
_SOON = 10.0


class JudgingStopped(Exception):
    """The evaluation judges nothing any more.

    Attributes:
        reason: see `BatchTally.stopped`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BatchJudge:
    """The model that judges for one evaluation.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(
        self, registry: Registry, models: JudgeModels, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._models = models
        self._clock = clock
        self._choosing = asyncio.Lock()
        self._chosen: JudgeModel | Exception | None = None
        self._chosen_for: ModelConfiguration | None = None
        self._chosen_at = 0.0

    async def chosen(self, evaluation: Evaluation) -> JudgeModel:
        """The model to ask now.

        Raises:
            JudgingStopped: there is none, and there will be none until somebody changes the configuration.
            QuotaExceeded: the key rests after its account ran out of credit.
            JudgeUnavailable: what was found no longer holds; look again.
            ProviderKeyUnreadable: the key cannot be decrypted here.
            StoreUnavailable: the registry did not answer.
        """
        async with self._choosing:
            configured = evaluation.model_configuration
            fresh = self._clock() - self._chosen_at < FRESH_SECONDS
            if self._chosen is None or not fresh or configured != self._chosen_for:
                self._chosen = None
                began = self._clock()
                self._chosen = await self._choose(evaluation)
                self._chosen_for, self._chosen_at = configured, began
            if isinstance(self._chosen, Exception):
                raise self._chosen
            return self._chosen

    async def check(self, evaluation: Evaluation, gate: ModelGate) -> None:
        """See whether the model may be asked now.

        Raises:
            CircuitOpen: nobody may ask on its key for a while.
            JudgingStopped, WorkError: see `chosen`.
        """
        gate.check(gate_key(await self.chosen(evaluation)))

    def choose_again(self) -> None:
        """The next one who asks must not get the choice that was made before."""
        self._chosen = None

    async def stop(self, evaluation: Evaluation, reason: StatusReason) -> Exception:
        """Put the evaluation into `error`.

        Returns:
            What to raise: `JudgingStopped`, or `JudgeUnavailable` if the evaluation is another by now.
        """
        stopped = await stop_evaluation(
            self._registry,
            FailEvaluationInput(
                project_id=evaluation.project_id,
                evaluation_id=evaluation.id,
                reason=reason,
                version=evaluation.version,
                active_since=evaluation.active_since,
            ),
        )
        if stopped:
            return JudgingStopped(reason)
        return JudgeUnavailable(f"The evaluation was changed meanwhile ({reason}).", retry_after=_SOON)

    async def _choose(self, evaluation: Evaluation) -> JudgeModel | Exception:
        """The model, or what follows from there being none."""
        configured = evaluation.model_configuration
        found = await self._models.choose(evaluation.project_id, configured)
        if isinstance(found, JudgeModel):
            return found
        if found.stops is not None:
            return await self.stop(evaluation, found.stops)
        if found.reason == KEY_NOT_OK and configured is not None and configured.provider_key_id is not None:
            return await self._key_not_ok(evaluation.project_id, configured.provider_key_id)
        return JudgingStopped(found.reason)

    async def _key_not_ok(self, project_id: int, key_id: UUID) -> Exception:
        """A key in `error` rests and is tried again; one that nobody has checked waits for that."""
        key = await self._registry.provider_keys.get(project_id, key_id)
        if key is not None and key.state is KeyState.UNKNOWN:
            return JudgeUnavailable("The provider key was never checked.", retry_after=LONGEST_PARK)
        if key is None or key.state is not KeyState.ERROR:
            return JudgeUnavailable("The provider key was changed meanwhile.", retry_after=_AT_ONCE)
        rests = (key.updated_at + ERROR_PAUSE - datetime.now(UTC)).total_seconds()
        return QuotaExceeded(
            f"The provider key rests after an error: {key.error_message or 'no credit'}",
            retry_after=min(max(rests, _AT_ONCE), LONGEST_PARK),
        )
