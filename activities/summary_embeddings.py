"""The vector of a summary: made on the queue of what takes processor time, once for the same text."""

from __future__ import annotations

import asyncio

from temporalio import activity

from assay.contracts.artifacts import ArtifactKind
from assay.contracts.summarization import StoredSummary
from assay.contracts.summarization_windows import EmbedSummary
from assay.domain.digests import digest_of
from assay.domain.summary_events import embedded_text
from assay.errors import ArtifactMissing
from assay.ports import ArtifactRepository, EmbeddingCache, EmbeddingModel
from assay.temporal.heartbeat import heartbeating


class SummaryEmbeddingActivities:
    """Embeds summaries."""

    def __init__(
        self, *, artifacts: ArtifactRepository, model: EmbeddingModel, cache: EmbeddingCache
    ) -> None:
        self._artifacts = artifacts
        self._model = model
        self._cache = cache

    @activity.defn(name="embed-summary")
    async def embed(self, given: EmbedSummary) -> None:
        """See to it that a summary has a vector.

        Raises:
            ArtifactMissing: the summary is not kept any more.
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            found = await self._artifacts.get(given.project_id, ArtifactKind.SUMMARY, given.digest)
            if found is None:
                raise ArtifactMissing("The summary is not kept any more.")
            text = embedded_text(StoredSummary.model_validate(found.body).summary)
            await asyncio.to_thread(self._keep_vector, given.project_id, text)

    def _keep_vector(self, project_id: int, text: str) -> None:
        digest, name = digest_of(text), self._model.name
        if digest not in self._cache.find(project_id, name, [digest]):
            [vector] = self._model.embed([text])
            self._cache.put(project_id, name, {digest: vector})
