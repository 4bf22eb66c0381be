"""The vector of a summary: made on the queue of what takes processor time, once for the same text."""

from __future__ import annotations

from temporalio import activity

from activities.embedding_models import keep_vectors
from assay.contracts.artifacts import ArtifactKind
from assay.contracts.summarization import StoredSummary
from assay.contracts.summarization_windows import EmbedSummary
from assay.domain.digests import digest_of
from assay.domain.summary_events import embedded_text
from assay.errors import ArtifactMissing
from assay.ports import ArtifactRepository, EmbeddingCache, EmbeddingModels
from assay.temporal.heartbeat import heartbeating


class SummaryEmbeddingActivities:
    """Embeds summaries."""

    def __init__(
        self, *, artifacts: ArtifactRepository, models: EmbeddingModels, cache: EmbeddingCache
    ) -> None:
        self._artifacts = artifacts
        self._models = models
        self._cache = cache

    @activity.defn(name="embed-summary")
    async def embed(self, given: EmbedSummary) -> None:
        """See to it that a summary has a vector.

        Raises:
            ArtifactMissing: the summary is not kept any more.
            StoreUnavailable: a store did not answer.
            WorkError: a hosted model did not answer; see `HostedEmbeddings`.
        """
        async with heartbeating():
            found = await self._artifacts.get(given.project_id, ArtifactKind.SUMMARY, given.digest)
            if found is None:
                raise ArtifactMissing("The summary is not kept any more.")
            text = embedded_text(StoredSummary.model_validate(found.body).summary)
            model = await self._models.of(given.project_id)
            await keep_vectors(model, self._cache, given.project_id, {digest_of(text): text})
