"""Who belongs to a cluster beyond its dense core: the undecided join, the far out leave."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from assay.domain.clustering.model import Floats, Labels
from assay.domain.clustering.neighbours import Neighbours

_STEPS: Final = 15
"""Of the random walks; after so many nearly all have reached a cluster."""

_FENCE: Final = 5.0
"""Times the way from the lower quartile to the median: 3.4 standard deviations of a normal distribution."""

_BLOCK: Final = 4096
"""Items that are looked at together."""

_LEAST_SPREAD: Final = 0.05
"""Distances of a cluster vary by this at least, so that near duplicates do not make outliers of the rest."""


def grown(labels: Labels, walk: csr_array[Any]) -> Labels:
    """Noise joins the cluster that a random walk from it is likeliest to reach first, if it reaches any."""
    clusters, outside = int(labels.max(initial=-1)) + 1, np.flatnonzero(labels < 0)
    if clusters == 0 or len(outside) == 0:
        return labels
    reached = np.zeros((len(labels), clusters), dtype=np.float32)
    inside = np.flatnonzero(labels >= 0)
    reached[inside, labels[inside]] = 1
    steps = csr_array(walk[outside])
    for _ in range(_STEPS):
        reached[outside] = steps @ reached
    result = labels.copy()
    best = reached[outside].argmax(axis=1)
    result[outside] = np.where(reached[outside].max(axis=1) > 0, best, -1)
    return result


def voted(labels: Labels, found: Neighbours, clusters: int) -> Labels:
    """The cluster that holds most of an item's neighbours, by their similarity; -1 where they are noise."""
    votes = np.zeros((len(found.places), clusters + 1), dtype=np.float32)
    rows = np.arange(len(votes))
    for column, similarity in zip(found.places.T, found.similarities.T, strict=True):
        votes[rows, labels[column]] += np.maximum(similarity, 0)  # -1 is the last column
    winners = votes.argmax(axis=1).astype(np.int32)
    return np.where(winners == clusters, np.int32(-1), winners)


def isolation(items: Floats, others: Floats, places: NDArray[np.int64]) -> Floats:
    """How far each item is from its neighbours, on average."""
    total = np.zeros(len(items), dtype=np.float32)
    for column in places.T:
        total += np.linalg.norm(items - others[column], axis=1)
    mean: Floats = total / np.float32(places.shape[1])
    return mean


def fences(labels: Labels, isolated: Floats) -> Floats:
    """For each cluster how isolated a member may be, judged by the closer half: the other may be outliers."""
    limits = np.zeros(int(labels.max(initial=-1)) + 1, dtype=np.float32)
    for label in range(len(limits)):
        quarter, half = np.quantile(isolated[labels == label], (0.25, 0.5))
        limits[label] = half + _FENCE * max(half - quarter, _LEAST_SPREAD)
    return limits


def fenced(labels: Labels, isolated: Floats, limits: Floats) -> Labels:
    """Members that are more isolated than their cluster allows become noise."""
    if len(limits) == 0:
        return labels
    return np.where(isolated <= limits[labels], labels, np.int32(-1))


def cohesive(labels: Labels, rows: Floats, counts: NDArray[np.int64]) -> Labels:
    """Clusters whose members are no more alike than all items are become noise; the others are numbered anew.

    Noise of its own kind is often as far from all clusters as a cluster is.
    """
    everywhere = mean_cosine(rows, counts)
    kept = [
        label
        for label in range(int(labels.max(initial=-1)) + 1)
        if mean_cosine(rows[labels == label], counts[labels == label]) > everywhere
    ]
    numbers = np.full(int(labels.max(initial=-1)) + 2, -1, dtype=np.int32)  # the last place is that of -1
    numbers[kept] = np.arange(len(kept), dtype=np.int32)
    return numbers[labels]


def alike(labels: Labels, rows: Floats, counts: NDArray[np.int64]) -> Labels:
    """Members that are no more like their cluster than all items are like each other become noise."""
    clusters = int(labels.max(initial=-1)) + 1
    if clusters == 0:
        return labels
    means = np.empty((clusters, rows.shape[1]), dtype=np.float32)
    for label in range(clusters):
        members = labels == label
        means[label] = np.average(rows[members], axis=0, weights=counts[members])
    everywhere = mean_cosine(rows, counts)
    result = labels.copy()
    for start in range(0, len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        cosines = np.einsum("ij,ij->i", rows[block], means[labels[block]])
        result[block][cosines <= everywhere] = -1
    return result


def mean_cosine(rows: Floats, counts: NDArray[np.int64]) -> float:
    """The mean cosine of pairs of different items with unit-length rows."""
    items = float(counts.sum())
    if items < 2:
        return 1.0
    total = counts.astype(np.float64) @ rows
    return float((total @ total - items) / (items * (items - 1)))
