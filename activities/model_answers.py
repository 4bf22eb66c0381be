"""Questions to a model that are about no evaluation: which model, on whose key, and what it answers.

A project's active key is used. Only a project that has chosen none is answered on the operator's own access,
with the models that a trial may use: texts go to no account that their project did not choose.

Answers on the operator's access take no place of the trial and are counted nowhere. What bounds them is that
the API limits the requests of each API key, that windows draw samples of fixed size, and what the operator
agreed with the provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from activities.judge_models import KEY_FAULTS, JudgeModel, JudgeModels, NoModel
from activities.judging import gate_key
from activities.keeping import keep_paid
from activities.model_gate import ModelGate, Turn
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.contracts.evaluations import ModelConfiguration, Provider
from assay.contracts.models import ModelMessage, ModelReply, ModelRequest, StoredAnswer
from assay.domain.model_names import model_name_problem
from assay.errors import (
    AnswerEmpty,
    ArtifactMissing,
    ModelNotFound,
    OutputLimitExceeded,
    ProviderKeyRefused,
    ProviderKeyRequired,
    TimedOut,
)
from assay.ports import ArtifactRepository
from assay.temporal.retry import ANSWER_CALL_TIMEOUT, ANSWER_TURN_TIMEOUT

_CUT_OFF: Final = "It was cut off before it was complete: be much briefer."
_EMPTY: Final = "It was empty."


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


class ModelAnswer(ModelReply):
    """An answer, and who gave it."""

    provider: Provider


class ModelAnswers:
    """Asks models, and keeps what they answered.

    Args:
        sleep: waits for seconds.
        turn_seconds: how long a question waits for its turn.
    """

    def __init__(
        self,
        *,
        artifacts: ArtifactRepository,
        models: JudgeModels,
        gate: ModelGate,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        turn_seconds: float = ANSWER_TURN_TIMEOUT.total_seconds(),
    ) -> None:
        self._artifacts = artifacts
        self._models = models
        self._gate = gate
        self._sleep = sleep
        self._turn_seconds = turn_seconds

    async def ask(self, question: Question) -> ModelAnswer:
        """Ask once.

        Raises:
            AnswerEmpty: the model said nothing.
            WorkError: see `put`.
        """
        answer = await self.put(question)
        if not answer.text.strip():
            raise AnswerEmpty("The model answered with nothing.")
        return answer

    async def put(self, question: Question) -> ModelAnswer:
        """Ask once, for an answer that may be empty.

        Raises:
            ProviderKeyRequired: there is nobody to ask.
            ProviderKeyRefused: the project's own key is at fault; no retry mends that.
            ModelNotFound: the model that is asked for cannot be asked here.
            TimedOut: others were asking on the same key all the time.
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
            async with self._turn(chosen, question) as turn:
                reply = await turn.ask(request, chosen.access)
        except KEY_FAULTS as error:
            if await self._models.blame(chosen, error):
                raise ProviderKeyRefused(
                    f"The provider refuses the project's active key: {error.detail}"
                ) from error
            raise
        await self._models.absolve(chosen)
        return ModelAnswer(**reply.model_dump(), provider=chosen.provider)

    async def get(self, question: Question) -> StoredAnswer:
        """Ask once, for an answer to be kept whatever it is: one that is of no use can be mended.

        Raises:
            WorkError: see `put`, but for an answer that was cut off.
        """
        try:
            reply = await self.put(question)
        except OutputLimitExceeded:
            return StoredAnswer(fault=_CUT_OFF)
        return StoredAnswer(
            text=reply.text,
            fault="" if reply.text.strip() else _EMPTY,
            model=reply.model,
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
            cost_usd=reply.cost_usd,
        )

    async def choose(self, project_id: int, model: str | None, *, usual: str) -> JudgeModel:
        """The model that is asked.

        Raises:
            ProviderKeyRequired, ProviderKeyRefused, ModelNotFound: see `put`.
        """
        chosen = await self._models.choose(project_id, None)
        if isinstance(chosen, JudgeModel) and chosen.own_key is not None:
            return _named(chosen, model, usual)
        await self._require_no_own_key(project_id)
        if isinstance(chosen, NoModel):
            raise ProviderKeyRequired("There is no key for a model provider: add one to the project.")
        named = _named(chosen, model, usual)
        if named == chosen:
            return chosen
        configured = ModelConfiguration(provider=named.provider, model=named.model)
        found = await self._models.choose(project_id, configured)
        if isinstance(found, NoModel):
            raise ModelNotFound(f"The operator's model access does not cover the model {named.model}.")
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
        await keep_paid(partial(self._artifacts.put, artifact), sleep=self._sleep)

    async def _require_no_own_key(self, project_id: int) -> None:
        """The operator's access is for projects that have chosen no key, not for those whose key fails.

        Raises:
            ProviderKeyRefused: there is one.
        """
        key = await self._models.active_key(project_id)
        if key is not None:
            told = f": {key.error_message}" if key.error_message else ""
            raise ProviderKeyRefused(
                f"The project's active key is not usable; its state is {key.state}{told}"
            )

    @asynccontextmanager
    async def _turn(self, chosen: JudgeModel, question: Question) -> AsyncIterator[Turn]:
        """Leave to ask; the time that it may take is not the time of the call.

        Raises:
            TimedOut: it took longer.
        """
        owner = (question.about, question.project_id)
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._turn_seconds):
                    turn = await held.enter_async_context(self._gate.turn(gate_key(chosen), owner=owner))
            except TimeoutError as error:
                raise TimedOut("Other questions on the same key took all the time.") from error
            yield turn


def _named(chosen: JudgeModel, model: str | None, usual: str) -> JudgeModel:
    """The model that somebody asked for, or the usual one, of the same provider.

    Raises:
        ModelNotFound: no model of the provider can have that name.
    """
    wanted = model or (usual if chosen.provider is Provider.OPENAI else chosen.model)
    if wanted != chosen.model and (problem := model_name_problem(wanted, chosen.provider)) is not None:
        raise ModelNotFound(problem)
    return replace(chosen, model=wanted)
