"""Vectors of texts from a model that a provider hosts.

The operator names the model, for all projects. A project's active key asks if it is for that provider, so
that its texts go to the account that it has chosen; otherwise the operator's access does. Texts of projects
whose organisation has not agreed to that go nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import numpy as np

from activities.judge_models import KEY_FAULTS, JudgeModel, JudgeModels
from activities.judging import gate_key
from activities.model_gate import ModelGate
from assay.contracts.embeddings import Vectors
from assay.contracts.models import EmbeddingReply, EmbeddingRequest
from assay.domain.embedding import HostedModel, batches
from assay.errors import ContextWindowExceeded, ProviderKeyRequired, ProviderUnavailable
from assay.ports import AccessRepository

_CALL_SECONDS: Final = 60.0
"""How long a provider may take for one batch."""

_AT_ONCE: Final = 4
"""Batches of one caller under way together."""

_SHORTEST_CUT: Final = 200
"""Characters; a model for which this is too long has another problem."""


class HostedEmbeddings:
    """`assay.ports.EmbeddingModel` on the questions' way to models: the governor of the key counts them.

    Args:
        models: whose keys there are.
        gate: shared with all other questions of this process.
    """

    is_third_party = True

    def __init__(
        self, hosted: HostedModel, *, access: AccessRepository, models: JudgeModels, gate: ModelGate
    ) -> None:
        self._hosted = hosted
        self._access = access
        self._models = models
        self._gate = gate

    @property
    def name(self) -> str:
        """See `EmbeddingModel.name`: provider and model, as the operator names them."""
        return self._hosted.name

    async def serves(self, project_id: int) -> bool:
        """Whether a project's texts may be embedded, and there is a key to ask with.

        Raises:
            StoreUnavailable: the registry did not answer.
            ProviderKeyUnreadable: the project's key cannot be decrypted here.
        """
        return await self._chosen(project_id) is not None

    async def embed(self, project_id: int, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, in their order; nobody is asked for those without words.

        Of long texts the beginning counts (`LONGEST_TEXT`, or less if the model takes less).

        Raises:
            ProviderKeyRequired: the project is not served.
            CircuitOpen: the provider is not asked for now.
            ProviderUnavailable: also for an answer that is not a vector for each text.
            WorkError: the provider gave no answer. Of a project's own key that is refused the state is
                recorded, so the project is not served any more.
        """
        chosen = await self._chosen(project_id)
        if chosen is None:
            raise ProviderKeyRequired(f"{self.name} cannot be asked for this project: no consent, or no key.")
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        worded = [place for place, text in enumerate(texts) if text.strip()]
        # Where no text has words, one word is asked for all the same: how long a vector is nobody else knows.
        vectors = await self._vectors(chosen, project_id, [texts[place] for place in worded] or ["text"])
        found = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
        found[worded] = vectors[: len(worded)]
        return found

    async def _chosen(self, project_id: int) -> JudgeModel | None:
        """Who is asked, and on whose key; None if nobody may be, or can."""
        project = await self._access.project(project_id)
        if project is None:
            return None
        organization = await self._access.organization(project.organization_id)
        if organization is None or not organization.ai_consent:
            return None
        return await self._models.choose_for_all(project_id, self._hosted.provider, self._hosted.model)

    async def _vectors(self, chosen: JudgeModel, project_id: int, texts: Sequence[str]) -> Vectors:
        """The vectors of any number of texts with words."""
        places = asyncio.Semaphore(_AT_ONCE)
        try:
            async with asyncio.TaskGroup() as asking:
                questions = [
                    asking.create_task(self._batch(chosen, project_id, batch, places))
                    for batch in batches(texts)
                ]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        found = [question.result() for question in questions]
        if len({vectors.shape[1] for vectors in found}) > 1:
            raise ProviderUnavailable(f"{self.name} answered with vectors of different lengths.")
        return _normalised(np.concatenate(found))

    async def _batch(
        self, chosen: JudgeModel, project_id: int, texts: Sequence[str], places: asyncio.Semaphore
    ) -> Vectors:
        """The vectors of a batch; texts that are too long for the model are cut in half, and again."""
        longest = max(map(len, texts))
        async with places:
            while True:
                try:
                    reply = await self._ask(chosen, project_id, tuple(text[:longest] for text in texts))
                except ContextWindowExceeded:
                    longest //= 2
                    if longest < _SHORTEST_CUT:
                        raise
                else:
                    return np.frombuffer(reply.vectors, dtype="<f4").reshape(len(texts), reply.dimensions)

    async def _ask(self, chosen: JudgeModel, project_id: int, texts: tuple[str, ...]) -> EmbeddingReply:
        request = EmbeddingRequest(
            provider=chosen.provider, model=chosen.model, texts=texts, timeout_seconds=_CALL_SECONDS
        )
        try:
            async with self._gate.turn(gate_key(chosen), owner=("embeddings", project_id)) as turn:
                reply = await turn.embed(request, chosen.access)
        except KEY_FAULTS as error:
            await self._models.blame(chosen, error)
            raise
        await self._models.absolve(chosen)
        return reply


def _normalised(vectors: Vectors) -> Vectors:
    """Vectors of length 1; one of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
