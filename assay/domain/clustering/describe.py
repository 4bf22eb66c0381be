"""What is said of each cluster and item: order, centroids, distances, ranks, places in a drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.domain.clustering.canonical import DistinctRows
from assay.domain.clustering.division import Division
from assay.domain.clustering.layout import drawn
from assay.domain.clustering.model import Clustering, Floats, Labels

_BLOCK = 8192


def described(vectors: Floats, distinct: DistinctRows, division: Division) -> Clustering:
    """The clustering of the vectors as they were given."""
    given = np.nan_to_num(np.asarray(vectors, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    labels = _by_size(division.labels, distinct)[distinct.places]
    centroids = _centroids(given, labels)
    distances = _distances(given, labels, centroids)
    sizes = np.bincount(labels[labels >= 0], minlength=len(centroids))
    drawing = drawn(given, labels, centroids, distances)
    return Clustering(
        labels=labels,
        centroids=centroids,
        distances=distances,
        ranks=_ranks(labels, distances, distinct.places),
        coordinates=drawing.items,
        centroid_coordinates=drawing.centroids,
        noise_share=float((labels < 0).mean()) if len(labels) else 0.0,
        largest_share=float(sizes.max() / len(labels)) if len(sizes) else 0.0,
        stability=division.stability,
        minimum_size=division.minimum_size,
        fallback=division.fallback,
    )


def _by_size(labels: Labels, distinct: DistinctRows) -> Labels:
    """Labels of distinct rows, numbered from the largest cluster; of equals the first row's comes first."""
    clusters = int(labels.max(initial=-1)) + 1
    members = labels >= 0
    sizes = np.bincount(labels[members], weights=distinct.counts[members], minlength=clusters)
    first = np.array([np.argmax(labels == label) for label in range(clusters)], dtype=np.int64)
    order = np.lexsort((first, -sizes))
    order = order[sizes[order] > 0]
    numbers = np.full(clusters + 1, -1, dtype=np.int32)  # the last place is that of -1
    numbers[order] = np.arange(len(order), dtype=np.int32)
    return numbers[labels]


def _centroids(given: Floats, labels: Labels) -> Floats:
    """The means of members, summed in double precision so that their order does not matter."""
    count = int(labels.max(initial=-1)) + 1
    means = [given[labels == label].mean(axis=0, dtype=np.float64) for label in range(count)]
    return np.array(means, dtype=np.float32).reshape(count, given.shape[1])


def _distances(given: Floats, labels: Labels, centroids: Floats) -> Floats:
    """To the own centroid; of noise to the nearest."""
    distances = np.zeros(len(given), dtype=np.float32)
    if len(centroids) == 0:
        return distances
    inside = labels >= 0
    for start in range(0, len(given), _BLOCK):
        block = slice(start, start + _BLOCK)
        distances[block] = np.linalg.norm(given[block] - centroids[labels[block]], axis=1)
    for place in np.flatnonzero(~inside):
        distances[place] = np.linalg.norm(centroids - given[place], axis=1).min()
    return distances


def _ranks(labels: Labels, distances: Floats, places: NDArray[np.int64]) -> Labels:
    """The place of each item in its cluster, from 0: by distance, in the noise the farthest first."""
    order = np.lexsort((places, np.where(labels < 0, -distances, distances), labels))
    sizes = np.unique(labels, return_counts=True)[1]
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    ranks = np.empty(len(labels), dtype=np.int32)
    ranks[order] = np.arange(len(labels), dtype=np.int64) - starts
    return ranks
