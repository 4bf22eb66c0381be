"""What a clustering run has left in the event store, as its page needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.contracts.clustering_runs import Cluster, ClusteringRun, PlacedItem, Placement
from assay.domain.cluster_charts import drawn
from assay.errors import StoreUnavailable
from assay.ports import ClusteringArtefacts

SAMPLES = 5
"""Items of each cluster whose texts are shown."""

_SECONDS = 15.0
"""How long a page waits for the event store."""


@dataclass(frozen=True, slots=True)
class Found:
    """The clusters of a run and what belongs to them; nothing, while they are still being made.

    Attributes:
        points: the items that are drawn.
        placed: how many items there are.
        titles: item's id → what it is called.
        samples: cluster → its most typical items.
        before: the clusters of the run before.
    """

    clusters: Sequence[Cluster] = ()
    points: Sequence[Placement] = ()
    placed: int = 0
    titles: Mapping[str, str] = field(default_factory=dict)
    samples: Mapping[int, Sequence[PlacedItem]] = field(default_factory=dict)
    before: Sequence[Cluster] = ()


async def found(run: ClusteringRun, artefacts: ClusteringArtefacts) -> Found | None:
    """What a run has left, or None: the event store does not answer, or not in time."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await asyncio.to_thread(_read, run, artefacts)
    except (StoreUnavailable, TimeoutError):
        return None


def _read(run: ClusteringRun, artefacts: ClusteringArtefacts) -> Found:
    clusters = artefacts.clusters(run.project_id, run.id)
    if not clusters:
        return Found()
    placements = artefacts.placements(run.project_id, run.id)
    points = drawn(placements)
    return Found(
        clusters=clusters,
        points=points,
        placed=len(placements),
        titles=artefacts.titles(run.project_id, run.id, [point.item_id for point in points]),
        samples=artefacts.samples(run.project_id, run.id, per_cluster=SAMPLES),
        before=[] if run.previous is None else artefacts.clusters(run.project_id, run.previous),
    )
