"""The activities of `clustering-run` after its clusters are found: their numbers, how users feel, the event.

Each can be done again: numbers are replaced, and the event has a fixed identity.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Final

from temporalio import activity

from assay.contracts.clustering_runs import ClusteringItem, SentimentShares
from assay.contracts.clustering_workflows import ClusteringStep, EmitClusters, SentimentMeasured
from assay.contracts.events import Event
from assay.contracts.sentiment import SentimentScores
from assay.domain.cluster_events import Found, clusters_event, even_share
from assay.domain.clustering_parameters import run_parameters
from assay.errors import ArtifactMissing, EventsRejected
from assay.ports import (
    ClusteringArtefacts,
    ClusteringRunRepository,
    ClusteringSources,
    EventWriter,
    SentimentModel,
)
from assay.temporal.heartbeat import heartbeating

MOST_TEXTS: Final = 5_000
"""Texts of a run whose sentiment is looked at: enough for shares, and minutes for a slow model."""

_TEXTS_AT_ONCE: Final = 250

_PAGE: Final = 2_000
"""Items whose texts are in memory together."""

_LONGEST_SAID: Final = 2_000
"""Characters from the end of what was said, where people come to the point."""


class ClusteringMetricsActivities:
    """Measures clusters, and tells of them.

    Args:
        sentiment: is asked only if no text leaves the installation for it.
    """

    def __init__(
        self,
        *,
        runs: ClusteringRunRepository,
        sources: ClusteringSources,
        artefacts: ClusteringArtefacts,
        sentiment: SentimentModel,
        writer: EventWriter,
    ) -> None:
        self._runs = runs
        self._sources = sources
        self._artefacts = artefacts
        self._sentiment = sentiment
        self._writer = writer

    @activity.defn(name="measure-clusters")
    async def measure(self, step: ClusteringStep) -> int:
        """Take the numbers of all clusters; how many have some.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        async with heartbeating():
            return await asyncio.to_thread(self._measured, step)

    @activity.defn(name="measure-cluster-sentiment")
    async def measure_sentiment(self, step: ClusteringStep) -> SentimentMeasured:
        """See how users feel, with a model of this installation: no text leaves it for this.

        Raises:
            SetupError: the model cannot be read.
            WorkError: the model gave no answer, or a store did not.
        """
        model = self._sentiment
        if model.is_third_party:
            return SentimentMeasured(skip="no_local_model")
        async with heartbeating():
            by_cluster = await asyncio.to_thread(self._said, step)
            shares = {}
            for cluster, texts in by_cluster.items():
                scores: list[SentimentScores] = []
                for some in batched(texts, _TEXTS_AT_ONCE):
                    scores += await model.classify(step.given.project_id, some)
                shares[cluster] = _shares(scores)
            await asyncio.to_thread(self._artefacts.put_sentiment, *step.place, shares)
            return SentimentMeasured(texts=sum(each.items for each in shares.values()))

    @activity.defn(name="emit-clusters")
    async def emit(self, given: EmitClusters) -> None:
        """Write the event of the run; again changes nothing.

        Raises:
            ArtifactMissing: the run is not known.
            EventsRejected: the event store refuses it.
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            project_id, run_id = given.step.place
            run = await self._runs.get(project_id, run_id)
            if run is None:
                raise ArtifactMissing("The run is not known any more.")
            before = None if run.previous is None else await self._runs.get(project_id, run.previous)
            found = await asyncio.to_thread(self._found, given, "" if before is None else before.run_id)
            event, size = await asyncio.to_thread(lambda: _sized(clusters_event(run, found)))
            written = await self._writer.write([event], size=size)
            for reason in written.refused.values():
                raise EventsRejected(reason)

    def _measured(self, step: ClusteringStep) -> int:
        project_id, run_id = step.place
        metrics = self._sources.metrics(project_id, step.plan.level, run_id)
        self._artefacts.put_metrics(project_id, run_id, metrics)
        return len(metrics)

    def _said(self, step: ClusteringStep) -> Mapping[int, Sequence[str]]:
        """Cluster → words of users, from all of it: the same share of items, at equal distances in rank."""
        said = {item.id: item.said[-_LONGEST_SAID:] for item in self._items(step) if item.said}
        by_cluster: dict[int, list[str]] = defaultdict(list)
        for placement in self._artefacts.placements(*step.place):
            if placement.item_id in said:
                by_cluster[placement.cluster].append(said[placement.item_id])
        most = even_share([len(texts) for texts in by_cluster.values()], MOST_TEXTS)
        return {cluster: _spread(texts, most) for cluster, texts in by_cluster.items() if texts and most}

    def _items(self, step: ClusteringStep) -> Iterator[ClusteringItem]:
        """All items with texts, page by page: not all texts are in memory at once."""
        after = ""
        while page := self._artefacts.items(*step.place, after=after, limit=_PAGE):
            yield from page
            after = page[-1].id

    def _found(self, given: EmitClusters, previous_run_id: str) -> Found:
        clustered = given.numbers.clustered
        items = self._artefacts.items(*given.step.place, texts=False)
        return Found(
            clusters=self._artefacts.clusters(*given.step.place),
            placements=self._artefacts.placements(*given.step.place),
            items={item.id: item for item in items},
            parameters=run_parameters(given.step.given, given.numbers),
            previous_run_id=previous_run_id,
            died=() if clustered is None else clustered.died,
        )


def _sized(event: Event) -> tuple[Event, int]:
    return event, len(event.model_dump_json())


def _spread(texts: Sequence[str], most: int) -> list[str]:
    """So many of these, at equal distances."""
    count = min(len(texts), most)
    return [texts[number * len(texts) // count] for number in range(count)]


def _shares(scores: Sequence[SentimentScores]) -> SentimentShares:
    count = len(scores)
    return SentimentShares(
        positive=sum(each.positive for each in scores) / count,
        neutral=sum(each.neutral for each in scores) / count,
        negative=sum(each.negative for each in scores) / count,
        items=count,
    )
