"""Questions to a model that are about no evaluation: which model, on whose key, and what it answers.

A project's active key is used; without one, the operator's own access, for the models that a trial may use.
Such questions take no place of the trial: what bounds them is that the API counts requests, and that
windows are small.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from activities.judge_models import KEY_FAULTS, JudgeModel, JudgeModels, NoModel
from activities.judging import gate_key
from activities.model_gate import ModelGate
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.evaluations import ModelConfiguration, Provider
from assay.contracts.models import ModelMessage, ModelReply, ModelRequest
from assay.domain.model_names import model_name_problem
from assay.errors import (
    AnswerEmpty,
    ArtifactMissing,
    ModelNotFound,
    ProviderKeyRequired,
    StoreUnavailable,
)
from assay.ports import ArtifactRepository
from assay.temporal.retry import ANSWER_CALL_TIMEOUT

_STORING_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts to store what was paid for."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked.

    Attributes:
        about: what the answer is for, in a word; with the project, it takes turns with other work.
        model: that somebody asked for; None: the usual one.
        usual_model: of OpenAI; other providers have one of their own (`DEFAULT_MODELS`).
        schema_name, json_schema: of the answer, see `ModelRequest`.
    """

    project_id: int
    about: str
    messages: tuple[ModelMessage, ...]
    schema_name: str
    json_schema: dict[str, Any]
    usual_model: str
    model: str | None = None


class ModelAnswers:
    """Asks models, and keeps what they answered.

    Args:
        sleep: waits for seconds.
    """

    def __init__(
        self,
        *,
        artifacts: ArtifactRepository,
        models: JudgeModels,
        gate: ModelGate,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._artifacts = artifacts
        self._models = models
        self._gate = gate
        self._sleep = sleep

    async def ask(self, question: Question) -> ModelReply:
        """Ask once.

        Raises:
            ProviderKeyRequired: there is nobody to ask.
            ModelNotFound: the model that is asked for cannot be asked here.
            AnswerEmpty: the model said nothing.
            WorkError: the model gave no answer.
        """
        chosen = await self.choose(question.project_id, question.model, usual=question.usual_model)
        request = ModelRequest(
            provider=chosen.provider,
            model=chosen.model,
            messages=question.messages,
            schema_name=question.schema_name,
            json_schema=question.json_schema,
            timeout_seconds=ANSWER_CALL_TIMEOUT.total_seconds(),
        )
        try:
            owner = (question.about, question.project_id)
            async with self._gate.turn(gate_key(chosen), owner=owner) as turn:
                reply = await turn.ask(request, chosen.access)
        except KEY_FAULTS as error:
            await self._models.blame(chosen, error)
            raise
        await self._models.absolve(chosen)
        if not reply.text.strip():
            raise AnswerEmpty("The model answered with nothing.")
        return reply

    async def choose(self, project_id: int, model: str | None, *, usual: str) -> JudgeModel:
        """The model that is asked.

        Raises:
            ProviderKeyRequired, ModelNotFound: see `ask`.
        """
        chosen = await self._models.choose(project_id, None)
        if isinstance(chosen, NoModel):
            raise ProviderKeyRequired("There is no key for a model provider: add one to the project.")
        wanted = model or (usual if chosen.provider is Provider.OPENAI else chosen.model)
        if wanted == chosen.model:
            return chosen
        problem = model_name_problem(wanted, chosen.provider)
        if problem is not None:
            raise ModelNotFound(problem)
        configured = ModelConfiguration(provider=chosen.provider, model=wanted)
        found = await self._models.choose(project_id, configured)
        if isinstance(found, NoModel):
            raise ModelNotFound(f"The operator's model access does not cover the model {wanted}.")
        return found

    async def text(self, project_id: int, digest: str) -> str:
        """What the work is about.

        Raises:
            ArtifactMissing: it is not kept any more.
            StoreUnavailable: the registry did not answer.
        """
        found = await self._artifacts.get(project_id, ArtifactKind.TEXT, digest)
        if found is None:
            raise ArtifactMissing("The text that this is about is not kept any more; ask again.")
        return str(found.body)

    async def keep(self, artifact: Artifact) -> None:
        """Store what was paid for, though the registry be away for a while.

        Raises:
            StoreUnavailable: it was away for longer.
        """
        for pause in _STORING_PAUSES:
            try:
                await self._artifacts.put(artifact)
            except StoreUnavailable:
                await self._sleep(pause)
            else:
                return
        await self._artifacts.put(artifact)
