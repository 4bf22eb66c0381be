"""The division of items into clusters: a tree of densities, read at the granularity that is most stable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.metrics import adjusted_rand_score

from assay.domain.clustering.graph import neighbour_graph, random_walk, spectral_embedding
from assay.domain.clustering.growth import grown
from assay.domain.clustering.hierarchy import DensityTree, density_tree, labels_at
from assay.domain.clustering.model import ClusteringParameters, Floats, Labels
from assay.domain.clustering.neighbours import Neighbours, nearest

_SEED: Final = 42
_REPLICA_SHARE: Final = 0.7
_REPLICA_ITEMS: Final = 4_000
"""At most: enough to see whether a division comes again."""

_LADDER_STEP: Final = 1.5
_LADDER_SHARES: Final = (0.0025, 0.15)
_SMALLEST: Final = 5

_ITEMS_PER_DIMENSION: Final = 5
"""Of the spectral embedding, at least: with fewer items it holds their neighbourhoods and no more."""

_AS_GOOD: Final = 0.02
"""Of stability: of divisions that differ by less, the finest is taken."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A division of items."""

    labels: Labels
    stability: float
    minimum_size: int


@dataclass(frozen=True, slots=True)
class Landscape:
    """What divisions of items are read from."""

    found: Neighbours
    tree: DensityTree
    walk: csr_array[Any]
    items: int

    def divided(self, minimum_size: int, largest_share: float) -> Labels:
        """The clusters of at least so many items, with those around them."""
        return grown(labels_at(self.tree, minimum_size, largest_share * self.items), self.walk)


def landscape(points: Floats, counts: NDArray[np.int64], settings: ClusteringParameters) -> Landscape:
    """Neighbours, their graph, its spectral embedding, and the tree of densities there."""
    found = nearest(points, points, min(settings.neighbours, len(points) - 1), themselves=True)
    graph = neighbour_graph(found)
    dimensions = max(2, min(settings.dimensions, len(points) // _ITEMS_PER_DIMENSION))
    embedding = spectral_embedding(graph, dimensions)
    tree = density_tree(embedding, found.places, counts)
    return Landscape(found, tree, random_walk(graph), int(counts.sum()))


def most_stable(
    whole: Landscape, points: Floats, counts: NDArray[np.int64], settings: ClusteringParameters
) -> Structure | None:
    """The division that comes again best when a part of the items is left out; None without any division."""
    divisions = {
        size: labels
        for size in ladder(whole.items)
        if (labels := whole.divided(size, settings.largest_share)).max() > 0
    }
    if not divisions:
        return None
    agreements: dict[int, list[float]] = {size: [] for size in divisions}
    for kept in _replicas(len(points), settings.replicas):
        part = landscape(points[kept], counts[kept], settings)
        share = part.items / whole.items
        for size, labels in divisions.items():
            again = part.divided(max(3, round(size * share)), settings.largest_share)
            agreements[size].append(float(adjusted_rand_score(labels[kept], again)))
    stabilities = {size: float(np.mean(values)) for size, values in agreements.items()}
    enough = max(stabilities.values()) - _AS_GOOD
    size = min(size for size, stability in stabilities.items() if stability >= enough)
    return Structure(divisions[size], stabilities[size], size)


def ladder(items: int) -> list[int]:
    """Smallest sizes of a cluster to choose from, from a quarter of a percent of the items to 15 %."""
    low, high = (share * items for share in _LADDER_SHARES)
    sizes = [max(float(_SMALLEST), low)]
    while sizes[-1] * _LADDER_STEP <= max(high, _SMALLEST):
        sizes.append(sizes[-1] * _LADDER_STEP)
    return list(dict.fromkeys(round(size) for size in sizes))


def _replicas(items: int, number: int) -> Iterator[NDArray[np.int64]]:
    size = min(round(_REPLICA_SHARE * items), _REPLICA_ITEMS)
    for replica in range(number):
        chosen = np.random.default_rng((_SEED, replica)).permutation(items)[:size]
        yield np.sort(chosen)
