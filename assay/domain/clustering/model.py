"""What a clustering is asked for, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # this module is imported by processes that must start quickly
    import numpy as np
    from numpy.typing import NDArray

type Labels = NDArray[np.int32]
type Floats = NDArray[np.float32]


class Fallback(StrEnum):
    """Which other way was taken than the hierarchy of densities."""

    NONE = "none"
    FEW_ITEMS = "few_items"
    """Agglomeration judged by silhouettes: too few items for densities."""
    ONE_CLUSTER = "one_cluster"
    """No division was stable, and the items are alike."""
    NO_CLUSTERS = "no_clusters"
    """No division was stable, and the items are not alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteringParameters:
    """How items are clustered; the defaults were chosen on real text (decision 0023)."""

    components: int = 100
    """Principal components that neighbours are searched in."""
    neighbours: int = 15
    """Neighbours per item in the graph."""
    dimensions: int = 64
    """Of the spectral embedding of the graph, at most."""
    structure_items: int = 10_000
    """Distinct items that the structure is found in; the others join by the vote of their neighbours."""
    replicas: int = 4
    """Subsamples that a division must agree with."""
    least_stability: float = 0.25
    """Agreement (adjusted Rand index) below which a division counts for nothing."""
    largest_share: float = 0.5
    """Of all items: a larger cluster is divided further where it can be."""
    alike: float = 0.3
    """Mean cosine of pairs from which undivided items are one cluster and not noise."""
    few_items: int = 50
    """Distinct items below which items are agglomerated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Clusters of n items of d dimensions, k of them, the largest first."""

    labels: Labels
    """n: the cluster of each item, 0 … k-1; -1 is noise."""
    centroids: Floats
    """k x d: the mean of the members, in the space of the vectors as they were given."""
    distances: Floats
    """n: Euclidean distance to the own centroid; of noise, to the nearest one (0 where there is none)."""
    ranks: Labels
    """n: place in the cluster, 0 is closest to the centroid; noise is ranked by the same rule."""
    coordinates: Floats
    """n x 2: where to draw each item, within -1 … 1."""
    centroid_coordinates: Floats
    """k x 2: the middle of each cluster in the drawing."""
    noise_share: float
    largest_share: float
    """Of all items, noise included; 0 without clusters."""
    stability: float | None
    """Mean adjusted Rand index with subsamples; None where none were drawn."""
    minimum_size: int | None
    """The chosen smallest size, in items of the structure; None where a fallback was taken."""
    fallback: Fallback = Fallback.NONE

    @property
    def clusters(self) -> int:
        """How many there are."""
        return len(self.centroids)
