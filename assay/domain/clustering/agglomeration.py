"""Clusters of few items: agglomeration, cut where the silhouettes are best."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from assay.domain.clustering.model import Floats, Labels

_FEWEST: Final = 5
"""Items below which nothing is divided."""

_LEAST_SILHOUETTE: Final = 0.2
"""Below it there is no substantial structure (Kaufman and Rousseeuw, 1990, say 0.25, of larger samples)."""


def agglomerated(rows: Floats, counts: NDArray[np.int64]) -> Labels | None:
    """Average linkage by cosine, cut at the best mean silhouette; what stays alone is noise.

    Args:
        rows: distinct, of unit length, few.
        counts: how often each occurs.

    Returns:
        The cluster of each row; None where no cut is good, or there are fewer than 5 items.
    """
    if counts.sum() < _FEWEST or len(rows) < 2:
        return None
    distances = np.maximum(1 - rows.astype(np.float64) @ rows.T, 0)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), method="average")
    best, cut = _LEAST_SILHOUETTE, None
    for clusters in range(2, len(rows) + 1):
        labels = fcluster(tree, clusters, criterion="maxclust") - 1
        silhouette = _silhouette(distances, labels, counts)
        if silhouette > best:
            best, cut = silhouette, labels
    return None if cut is None else _without_single(cut, counts)


def _silhouette(
    distances: NDArray[np.float64], labels: NDArray[np.int32], counts: NDArray[np.int64]
) -> float:
    """The mean silhouette (Rousseeuw, 1987) of items of which row i stands for `counts[i]`; alone is 0."""
    member = (labels[:, None] == np.arange(labels.max() + 1)) * counts[:, None]
    totals, sizes = distances @ member, member.sum(axis=0)
    own = np.arange(len(labels)), labels
    others = sizes[labels] - 1
    within = np.divide(totals[own], others, out=np.zeros(len(labels)), where=others > 0)
    means = totals / sizes
    means[own] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    usable = (others > 0) & (larger > 0) & np.isfinite(nearest)
    values = np.divide(nearest - within, larger, out=np.zeros(len(labels)), where=usable)
    return float(np.average(values, weights=counts))


def _without_single(labels: NDArray[np.int32], counts: NDArray[np.int64]) -> Labels | None:
    sizes = np.bincount(labels, weights=counts)
    kept = np.flatnonzero(sizes > 1)
    numbers = np.full(len(sizes), -1, dtype=np.int32)
    numbers[kept] = np.arange(len(kept), dtype=np.int32)
    return numbers[labels] if len(kept) else None
