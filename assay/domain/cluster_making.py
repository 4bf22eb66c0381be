"""The clusters of a sample, and what they are to those of the run before: one call, for another process."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from assay.contracts.clustering_runs import (
    NOISE,
    ClusterChange,
    ClusterHistory,
    ClusterShape,
    Placement,
)
from assay.contracts.clustering_workflows import ItemsClustered
from assay.domain.clustering import Clustering, ClusteringParameters, Fallback, cluster, keywords
from assay.domain.clustering.matching import Match, MatchedCluster, Matching, match

if TYPE_CHECKING:
    from assay.contracts.embeddings import Vectors

_HDBSCAN: Final = "hdbscan"

_DIGITS: Final = 6
"""After the point: as many as numbers of single precision have."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What is put into clusters; one id, one text and one row of vectors belong together."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Before:
    """The run before.

    Attributes:
        next_cluster_id: no cluster had this id or a higher one.
        clusters: id → centroid, which is empty where it cannot be compared; noise is not among them.
        placed: item → its cluster, or `NOISE`.
    """

    next_cluster_id: int = 0
    clusters: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    placed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What was found.

    Attributes:
        histories: of all clusters but noise.
    """

    placements: tuple[Placement, ...]
    shapes: tuple[ClusterShape, ...]
    histories: Mapping[int, ClusterHistory]
    found: ItemsClustered


def make_clusters(sample: Sample, before: Before) -> Made:
    """Put the sample into clusters, under the ids of those of the run before that they go on from.

    Args:
        sample: one item at least.
    """
    clustering = cluster(sample.vectors)
    labels = [int(label) for label in clustering.labels]
    members: dict[int, list[str]] = defaultdict(list)
    for item, label in zip(sample.ids, labels, strict=True):
        members[label].append(item)
    current = [
        MatchedCluster(id=label, items=members[label], centroid=centroid)
        for label, centroid in enumerate(clustering.centroids)
    ]
    matching = match(_previous(before), current, before.next_cluster_id)
    ids = {label: found.id for label, found in matching.matches.items()} | {NOISE: NOISE}
    words = keywords(sample.texts, labels)
    sizes = {label: len(items) for label, items in members.items()}
    return Made(
        placements=tuple(_placements(sample, clustering, [ids[label] for label in labels])),
        shapes=tuple(_shapes(clustering, ids, sizes, words)),
        histories={found.id: _history(found) for found in matching.matches.values()},
        found=_found(clustering, matching, sizes),
    )


def _previous(before: Before) -> list[MatchedCluster]:
    import numpy as np

    members: dict[int, list[str]] = defaultdict(list)
    for item, number in before.placed.items():
        members[number].append(item)
    return [
        MatchedCluster(
            id=number,
            items=members[number],
            centroid=np.array(centroid, dtype=np.float32) if centroid else None,
        )
        for number, centroid in before.clusters.items()
    ]


def _placements(sample: Sample, clustering: Clustering, ids: list[int]) -> Iterator[Placement]:
    for place, (item, number) in enumerate(zip(sample.ids, ids, strict=True)):
        yield Placement(
            item_id=item,
            cluster=number,
            distance=_rounded(clustering.distances[place]),
            rank=int(clustering.ranks[place]),
            x=_rounded(clustering.coordinates[place, 0]),
            y=_rounded(clustering.coordinates[place, 1]),
        )


def _shapes(
    clustering: Clustering, ids: Mapping[int, int], sizes: Mapping[int, int], words: Mapping[int, list[str]]
) -> Iterator[ClusterShape]:
    for label, centroid in enumerate(clustering.centroids):
        yield ClusterShape(
            id=ids[label],
            size=sizes[label],
            centroid=tuple(_rounded(value) for value in centroid),
            x=_rounded(clustering.centroid_coordinates[label, 0]),
            y=_rounded(clustering.centroid_coordinates[label, 1]),
            keywords=tuple(words.get(label, ())),
        )
    if NOISE in sizes:
        middle = clustering.coordinates[clustering.labels == NOISE].mean(axis=0)
        yield ClusterShape(id=NOISE, size=sizes[NOISE], x=_rounded(middle[0]), y=_rounded(middle[1]))


def _history(found: Match) -> ClusterHistory:
    return ClusterHistory(
        change=found.change,
        previous=found.previous,
        similarity=_rounded(found.similarity) if found.previous else None,
    )


def _found(clustering: Clustering, matching: Matching, sizes: Mapping[int, int]) -> ItemsClustered:
    changes = Counter(found.change for found in matching.matches.values())
    settings = ClusteringParameters()
    is_usual = clustering.fallback is Fallback.NONE
    return ItemsClustered(
        clusters=len(clustering.centroids),
        noise=sizes.get(NOISE, 0),
        largest_share=_rounded(clustering.largest_share),
        method=_HDBSCAN if is_usual else clustering.fallback.value,
        min_cluster_size=clustering.minimum_size,
        stability=None if clustering.stability is None else _rounded(clustering.stability),
        kept=changes[ClusterChange.KEPT],
        born=changes[ClusterChange.BORN],
        split=changes[ClusterChange.SPLIT],
        merged=changes[ClusterChange.MERGED],
        died=matching.died,
        next_cluster_id=matching.next_id,
        parameters={
            "embedding_normalization": "l2",
            "dimensionality_reduction_method": "spectral" if is_usual else "none",
            "dimensionality_reduction_ndims": settings.dimensions if is_usual else None,
            "visualization_method": "discs",
            "matched_by": "items" if matching.by_items else "centroids",
        },
    )


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
