"""Vectors of texts from a model that a provider hosts.

The operator names the model, for all projects. A project's active key asks, if it is for that provider; the
operator's access asks for projects that have chosen no key. Texts go to no account that their project did not
choose, and nowhere if its organisation has not agreed to that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import numpy as np

from activities.consent import has_ai_consent
from activities.judge_models import KEY_FAULTS, JudgeModel, JudgeModels
from activities.judging import gate_key
from activities.model_gate import ModelGate
from assay.contracts.embeddings import KeepVectors, Vectors
from assay.contracts.models import EmbeddingReply, EmbeddingRequest
from assay.domain.embedding import HostedModel, SentText, questions, sent_text, smaller_questions
from assay.domain.together import few_at_once
from assay.errors import ContextWindowExceeded, ProviderKeyRequired, ProviderUnavailable
from assay.ports import AccessRepository

_CALL_SECONDS: Final = 60.0
"""How long a provider may take for one question."""

_AT_ONCE: Final = 4
"""Questions of one caller under way together."""


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

    async def embed(self, project_id: int, texts: Mapping[str, str], keep: KeepVectors) -> None:
        """Make the vectors of texts; nobody is asked for those without words.

        Of long texts the beginning counts (`LONGEST_TEXT`, or less if the model takes less). After a failure
        no other question is begun; those that were are waited for, and their answers kept.

        Raises:
            ProviderKeyRequired: the project is not served.
            CircuitOpen: the provider is not asked for now.
            ProviderUnavailable: also for an answer that is not a vector for each text.
            WorkError: the provider gave no answer. Of a project's own key that is refused the state is
                recorded, so the project is not served any more.
        """
        chosen = await self._chosen(project_id)
        if chosen is None:
            raise ProviderKeyRequired(
                f"{self.name} cannot be asked for this project: no consent, or no key for it."
            )
        sent = [SentText(digest, sent_text(text)) for digest, text in texts.items()]
        lengths: set[int] = set()

        async def kept(question: Sequence[SentText]) -> None:
            async for vectors in self._answers(chosen, project_id, question):
                lengths.update(map(len, vectors.values()))
                if len(lengths) > 1:
                    raise ProviderUnavailable(f"{self.name} answered with vectors of different lengths.")
                await keep(vectors)

        await few_at_once(kept, questions(each for each in sent if each.text), at_once=_AT_ONCE)
        if wordless := [each.digest for each in sent if not each.text]:
            # How long a vector is only the model knows: it is asked for a word if it was asked for nothing.
            length = min(lengths) if lengths else (await self._ask(chosen, project_id, ("text",))).dimensions
            await keep(dict.fromkeys(wordless, np.zeros(length, dtype=np.float32)))

    async def _chosen(self, project_id: int) -> JudgeModel | None:
        """Who is asked, and on whose key; None if nobody may be, or can."""
        if not await has_ai_consent(self._access, project_id):
            return None
        return await self._models.choose_for_all(project_id, self._hosted.provider, self._hosted.model)

    async def _answers(
        self, chosen: JudgeModel, project_id: int, question: Sequence[SentText]
    ) -> AsyncIterator[Mapping[str, Vectors]]:
        """The vectors of a question, or of the smaller ones that the model takes instead."""
        waiting = [question]
        while waiting:
            asked = waiting.pop()
            try:
                reply = await self._ask(chosen, project_id, tuple(each.text for each in asked))
            except ContextWindowExceeded:
                smaller = smaller_questions(asked)
                if not smaller:
                    raise
                waiting += reversed(smaller)
            else:
                rows = np.frombuffer(reply.vectors, dtype="<f4").reshape(len(asked), reply.dimensions)
                yield dict(zip((each.digest for each in asked), _normalised(rows), strict=True))

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
