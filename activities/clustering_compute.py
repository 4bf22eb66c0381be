"""The activities of `clustering-run` that keep a processor busy: vectors of texts, and clusters of vectors.

Each can be done again: a text that has a vector is not embedded again, and the same vectors make the same
clusters. Clusters are computed in a process of their own, which heartbeats are sent beside. At midnight
hundreds of runs may come at once: they stand in line with empty hands, and read what they need when it is
their turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from temporalio import activity

from activities.embedding_models import keep_vectors
from assay.contracts.clustering_runs import NOISE, ClusteringItem
from assay.contracts.clustering_workflows import ClusteringStep, ClusterItems, ItemsClustered, ItemsEmbedded
from assay.contracts.embeddings import Vectors
from assay.domain.cluster_making import Before, Made, Sample, make_clusters
from assay.domain.digests import digest_of
from assay.errors import ArtifactMissing, TimedOut
from assay.ports import (
    ClusteringArtefacts,
    ClusteringRunRepository,
    Compute,
    EmbeddingCache,
    EmbeddingModels,
)
from assay.temporal.heartbeat import heartbeating

_PAGE: Final = 500
"""Items whose texts are in memory together, and texts that are embedded before the next sign of life."""

_PAGES_AT_ONCE: Final = 8
"""Of all runs together that are embedded."""

_LONGEST: Final = timedelta(minutes=30)
"""What a run may take when it is its turn: fifty thousand items take a minute and a half on a machine that
has nothing else to do."""

_LONGEST_READ: Final = 2_000
"""Characters of a text that keywords are looked for in; its vector is of all of it."""


class _Progress(NamedTuple):
    """How far embedding is, as heartbeats tell it.

    Attributes:
        model: whose vectors they are.
        after: id of the last item that is done.
        texts: that are done.
        digest: of one of the texts; empty: there is none yet.
    """

    model: str
    after: str = ""
    texts: int = 0
    made: int = 0
    digest: str = ""


class ClusteringComputeActivities:
    """Embeds items, and puts them into clusters."""

    def __init__(
        self,
        *,
        runs: ClusteringRunRepository,
        artefacts: ClusteringArtefacts,
        models: EmbeddingModels,
        cache: EmbeddingCache,
        compute: Compute,
    ) -> None:
        self._runs = runs
        self._artefacts = artefacts
        self._models = models
        self._cache = cache
        self._compute = compute
        self._places = asyncio.Semaphore(compute.size)
        self._pages_under_way = asyncio.Semaphore(_PAGES_AT_ONCE)

    @activity.defn(name="embed-clustering-items")
    async def embed(self, step: ClusteringStep) -> ItemsEmbedded:
        """See to it that each text has a vector.

        Raises:
            SetupError: the local model is not installed.
            StoreUnavailable: the event store did not answer.
            WorkError: a hosted model did not answer.
        """
        project_id = step.given.project_id
        model = await self._models.of(project_id)
        so_far = _resumed(model.name)
        while True:
            async with heartbeating(*so_far), self._pages_under_way:
                page = await asyncio.to_thread(self._page, step, so_far.after)
                if not page:
                    return await asyncio.to_thread(self._embedded, project_id, so_far)
                texts = {digest_of(item.text): item.text for item in page if item.text}
                made = await keep_vectors(model, self._cache, project_id, texts)
            so_far = _Progress(
                model.name,
                page[-1].id,
                so_far.texts + len(texts),
                so_far.made + made,
                next(iter(texts), so_far.digest),
            )

    @activity.defn(name="cluster-items")
    async def cluster(self, given: ClusterItems) -> ItemsClustered:
        """Find the clusters of the sample, and what they are to those of the run before.

        Raises:
            ArtifactMissing: a vector is not kept any more.
            TimedOut: it took longer than `_LONGEST`, the wait for its turn not counted.
            WorkError: the process that computes ended, or a store did not answer.
        """
        async with heartbeating(), self._places:
            try:
                async with asyncio.timeout(_LONGEST.total_seconds()):
                    return await self._clustered(given)
            except TimeoutError:
                raise TimedOut(f"Clusters were not found within {_LONGEST}.") from None

    async def _clustered(self, given: ClusterItems) -> ItemsClustered:
        sample = await asyncio.to_thread(self._sample, given)
        before = await self._before(given)
        made: Made = await self._compute.run(make_clusters, sample, before)
        await asyncio.to_thread(self._store, given.step, made)
        return made.found

    def _page(self, step: ClusteringStep, after: str) -> Sequence[ClusteringItem]:
        return self._artefacts.items(*step.place, after=after, limit=_PAGE)

    def _embedded(self, project_id: int, done: _Progress) -> ItemsEmbedded:
        found = self._cache.find(project_id, done.model, [done.digest])
        return ItemsEmbedded(
            model=done.model,
            dimensions=len(found.get(done.digest, ())),
            made=done.made,
            cached=done.texts - done.made,
        )

    def _sample(self, given: ClusterItems) -> Sample:
        ids: list[str] = []
        texts: list[str] = []
        blocks: list[Vectors] = []
        for page in self._pages(given.step):
            items = [item for item in page if item.text]
            ids += (item.id for item in items)
            texts += (item.text[:_LONGEST_READ] for item in items)
            blocks.append(self._vectors(given, items))
        return Sample(ids=tuple(ids), texts=tuple(texts), vectors=np.concatenate(blocks))

    def _pages(self, step: ClusteringStep) -> Iterator[Sequence[ClusteringItem]]:
        after = ""
        while page := self._page(step, after):
            yield page
            after = page[-1].id

    def _vectors(self, given: ClusterItems, items: Sequence[ClusteringItem]) -> Vectors:
        digests = [digest_of(item.text) for item in items]
        found = self._cache.find(given.step.given.project_id, given.model, sorted(set(digests)))
        if not found.keys() >= set(digests):
            raise ArtifactMissing("The vector of a text is not kept any more.")
        return np.stack([found[digest] for digest in digests])

    async def _before(self, given: ClusterItems) -> Before:
        """The run that this one is compared with; centroids of another model's vectors say nothing."""
        plan = given.step.plan
        project_id = given.step.given.project_id
        run = None if plan.previous is None else await self._runs.get(project_id, plan.previous)
        if run is None:
            return Before(next_cluster_id=plan.next_cluster_id)
        is_same = run.parameters.get("embedding_model") == given.model
        return await asyncio.to_thread(self._read_before, given, run.id, is_same)

    def _read_before(self, given: ClusterItems, run: UUID, is_same: bool) -> Before:
        project_id = given.step.given.project_id
        placements = self._artefacts.placements(project_id, run)
        clusters = self._artefacts.clusters(project_id, run)
        return Before(
            next_cluster_id=given.step.plan.next_cluster_id,
            clusters={
                cluster.shape.id: cluster.shape.centroid if is_same else ()
                for cluster in clusters
                if cluster.shape.id != NOISE
            },
            placed={each.item_id: each.cluster for each in placements},
        )

    def _store(self, step: ClusteringStep, made: Made) -> None:
        self._artefacts.put_placements(*step.place, made.placements)
        self._artefacts.put_histories(*step.place, made.histories)
        self._artefacts.put_shapes(*step.place, made.shapes)


def _resumed(model: str) -> _Progress:
    """Where the attempt before this one has come to, if it made vectors of the same model."""
    details = activity.info().heartbeat_details
    return _Progress(*details) if details and details[0] == model else _Progress(model)
