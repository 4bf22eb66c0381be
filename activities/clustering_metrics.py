"""The activities of `clustering-run` after its clusters are found: their numbers, how users feel, the event.

Each can be done again: numbers are replaced, and the event has a fixed identity.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import batched
from typing import Final
from uuid import UUID

from temporalio import activity

from assay.contracts.clustering_runs import SentimentShares
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
    EvaluationRepository,
    EventWriter,
    SentimentModel,
)
from assay.temporal.heartbeat import heartbeating

MOST_TEXTS: Final = 5_000
"""Texts of a run whose sentiment is looked at: enough for shares, and minutes for a slow model."""

_TEXTS_AT_ONCE: Final = 250
"""So many are in memory together."""

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
        evaluations: EvaluationRepository,
        sources: ClusteringSources,
        artefacts: ClusteringArtefacts,
        sentiment: SentimentModel,
        writer: EventWriter,
    ) -> None:
        self._runs = runs
        self._evaluations = evaluations
        self._sources = sources
        self._artefacts = artefacts
        self._sentiment = sentiment
        self._writer = writer

    @activity.defn(name="measure-clusters")
    async def measure(self, step: ClusteringStep) -> int:
        """Take the numbers of all clusters; how many have some.

        Raises:
            StoreUnavailable: a store did not answer.
        """
        async with heartbeating():
            bad = await self._evaluations.true_is_failure(step.given.project_id)
            return await asyncio.to_thread(self._measured, step, bad)

    @activity.defn(name="measure-cluster-sentiment")
    async def measure_sentiment(self, step: ClusteringStep) -> SentimentMeasured:
        """See how users feel, with a model of this installation: no text leaves it for this.

        Raises:
            SetupError: the model cannot be read.
            WorkError: the model gave no answer, or a store did not.
        """
        if self._sentiment.is_third_party:
            return SentimentMeasured(skip="no_local_model")
        async with heartbeating():
            chosen = await asyncio.to_thread(self._chosen, step)
            shares = {cluster: await self._mood(step, items) for cluster, items in chosen.items()}
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

    def _measured(self, step: ClusteringStep, bad: Collection[UUID]) -> int:
        project_id, run_id = step.place
        metrics = self._sources.metrics(project_id, step.plan.level, run_id, true_is_failure=bad)
        self._artefacts.put_metrics(project_id, run_id, metrics)
        return len(metrics)

    def _chosen(self, step: ClusteringStep) -> Mapping[int, Sequence[str]]:
        """Cluster → items whose users said something: the same share of each, at equal distances in rank."""
        speaking = self._artefacts.speaking(*step.place)
        by_cluster: dict[int, list[str]] = defaultdict(list)
        for placement in self._artefacts.placements(*step.place):
            if placement.item_id in speaking:
                by_cluster[placement.cluster].append(placement.item_id)
        most = even_share([len(items) for items in by_cluster.values()], MOST_TEXTS)
        return {cluster: _spread(items, most) for cluster, items in by_cluster.items() if most}

    async def _mood(self, step: ClusteringStep, items: Sequence[str]) -> SentimentShares:
        """How the users of these items feel, whose words are read a few at a time."""
        scores: list[SentimentScores] = []
        for some in batched(items, _TEXTS_AT_ONCE):
            said = await asyncio.to_thread(self._artefacts.said, *step.place, some, letters=_LONGEST_SAID)
            texts = [said[item] for item in some]
            scores += await self._sentiment.classify(step.given.project_id, texts)
        return _shares(scores)

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


def _spread(items: Sequence[str], most: int) -> list[str]:
    """So many of these, at equal distances."""
    count = min(len(items), most)
    return [items[number * len(items) // count] for number in range(count)]


def _shares(scores: Sequence[SentimentScores]) -> SentimentShares:
    count = len(scores)
    return SentimentShares(
        positive=sum(each.positive for each in scores) / count,
        neutral=sum(each.neutral for each in scores) / count,
        negative=sum(each.negative for each in scores) / count,
        items=count,
    )
