"""The `$ai_trace_clusters`, `$ai_generation_clusters` and `$ai_evaluation_clusters` events.

Names, presence and shape of the properties follow PostHog. Assay's own are:

- of the event: `$ai_clustering_items_listed`, how many items are in `traces` of all clusters together;
  `$ai_clustering_previous_run_id`, the run that these clusters are compared with; `$ai_clusters_died`, ids of
  clusters of that run that are no more;
- of a cluster: `keywords`, `label_source`, `change`, `previous_cluster_ids` and `similarity` (see
  `ClusterHistory`), and `items_left_out`, how many of its items are not in `traces`.

An id of a cluster is the same from run to run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import NOISE, Cluster, ClusteringItem, ClusteringRun, Placement
from assay.contracts.event_names import EVALUATION_CLUSTERS, GENERATION_CLUSTERS, TRACE_CLUSTERS
from assay.contracts.events import Event

MOST_LISTED: Final = 10_000
"""Items in one event. Ten thousand take about a second and 3 MB to store, fifty thousand seven seconds, in
which nothing else is; of more, the first in rank are listed: the middle of each cluster, and of noise what is
farthest from all. The run has all of them."""

_NAMESPACE: Final = UUID("f1b7c3a2-9d64-4e0b-8a55-2b0c9f6d7e13")
"""Of the uuids of these events."""

_NAMES: Final[Mapping[AnalysisLevel, str]] = {
    AnalysisLevel.TRACE: TRACE_CLUSTERS,
    AnalysisLevel.GENERATION: GENERATION_CLUSTERS,
    AnalysisLevel.EVALUATION: EVALUATION_CLUSTERS,
}


class Found(NamedTuple):
    """What a run has found.

    Attributes:
        clusters: noise last.
        placements: by cluster and rank.
        items: id → item; texts are not looked at.
        parameters: `$ai_clustering_params`.
        previous_run_id: in PostHog's form; empty: there is no run before.
        died: ids of clusters of that run.
    """

    clusters: Sequence[Cluster]
    placements: Sequence[Placement]
    items: Mapping[str, ClusteringItem]
    parameters: Mapping[str, Any]
    previous_run_id: str
    died: Sequence[int]


def clusters_event_id(run_id: UUID) -> UUID:
    """Identity of the event of a run: whoever writes it again writes the same."""
    return uuid5(_NAMESPACE, str(run_id))


def clusters_event(run: ClusteringRun, found: Found) -> Event:
    """The event of a run. Its timestamp, the end of the window, is with its uuid part of what it is."""
    placed: dict[int, list[Placement]] = {cluster.shape.id: [] for cluster in found.clusters}
    for placement in found.placements:
        if placement.item_id in found.items and placement.cluster in placed:
            placed[placement.cluster].append(placement)
    most = even_share([len(each) for each in placed.values()], MOST_LISTED)
    properties = {
        "$ai_clustering_run_id": run.run_id,
        "$ai_clustering_level": run.level.value,
        "$ai_clustering_job_id": "" if run.job_id is None else str(run.job_id),
        "$ai_clustering_job_name": run.job_name,
        "$ai_window_start": run.window_start.isoformat(),
        "$ai_window_end": run.window_end.isoformat(),
        "$ai_total_items_analyzed": sum(len(each) for each in placed.values()),
        "$ai_clustering_params": dict(found.parameters),
        "$ai_clusters": [
            _cluster(cluster, placed[cluster.shape.id], found.items, most) for cluster in found.clusters
        ],
        "$ai_clustering_items_listed": sum(min(len(each), most) for each in placed.values()),
        "$ai_clustering_previous_run_id": found.previous_run_id,
        "$ai_clusters_died": list(found.died),
    }
    return Event(
        project_id=run.project_id,
        event=_NAMES[run.level],
        uuid=clusters_event_id(run.id),
        distinct_id=f"clustering_{run.level}_{run.project_id}",
        timestamp=run.window_end,
        properties=properties,
    )


def even_share(sizes: Sequence[int], most: int) -> int:
    """The largest number such that so many of each, where there are so many, are no more than `most` in all.

    Args:
        sizes: how many there are of each.
    """
    room, left = most, len(sizes)
    for size in sorted(sizes):
        if size * left > room:
            return room // left
        room, left = room - size, left - 1
    return max(sizes, default=0)


def _cluster(
    cluster: Cluster, placed: Sequence[Placement], items: Mapping[str, ClusteringItem], most: int
) -> dict[str, Any]:
    shape, history, label = cluster.shape, cluster.history, cluster.label
    listed = placed[:most]
    return {
        "cluster_id": shape.id,
        "size": shape.size,
        "title": "" if label is None else label.title,
        "description": "" if label is None else label.description,
        "traces": {each.item_id: _entry(each, items[each.item_id]) for each in listed},
        "centroid": [] if shape.id == NOISE else list(shape.centroid),
        "centroid_x": shape.x,
        "centroid_y": shape.y,
        "metrics": None if cluster.metrics is None else cluster.metrics.model_dump(mode="json"),
        "keywords": list(shape.keywords),
        "label_source": None if label is None else label.source.value,
        "change": None if history is None else history.change.value,
        "previous_cluster_ids": [] if history is None else list(history.previous),
        "similarity": None if history is None else history.similarity,
        "items_left_out": len(placed) - len(listed),
    }


def _entry(placement: Placement, item: ClusteringItem) -> dict[str, Any]:
    return {
        "distance_to_centroid": placement.distance,
        "rank": placement.rank,
        "x": placement.x,
        "y": placement.y,
        "timestamp": item.timestamp.isoformat(),
        "trace_id": item.trace_id,
        "generation_id": item.generation_id,
    }
