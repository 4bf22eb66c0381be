"""The nearest neighbours of items: exact, by cosine, in blocks of bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assay.domain.clustering.canonical import unit_length
from assay.domain.clustering.model import Floats

_CELLS: Final = 16_000_000
"""Similarities that are in memory together: 64 MB."""

_GROUP: Final = 32
"""Candidates whose maximum is looked at first."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n items its k nearest others, the nearest first."""

    places: NDArray[np.int64]
    similarities: Floats


def principal(rows: Floats, components: int) -> Floats:
    """Rows without what all have in common (the mean), in their first principal components, of unit length.

    Removing the mean matters for averages of word vectors, which share one large direction.
    """
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    covariance = (centred.T @ centred).astype(np.float64)
    _, directions = np.linalg.eigh(covariance)
    kept = directions[:, ::-1][:, :components].astype(np.float32)
    return unit_length(centred @ kept)


def nearest(queries: Floats, items: Floats, count: int, *, themselves: bool) -> Neighbours:
    """The `count` items with the largest dot product with each query.

    Args:
        queries: q x d.
        items: n x d, with n > count.
        count: how many of them.
        themselves: the queries are the items: none is its own neighbour.
    """
    groups = -(-len(items) // _GROUP)
    padded = np.zeros((groups * _GROUP, items.shape[1]), dtype=np.float32)
    padded[: len(items)] = items
    columns = padded.T.copy()
    places = np.empty((len(queries), count), dtype=np.int64)
    similarities = np.empty((len(queries), count), dtype=np.float32)
    step = max(1, _CELLS // len(padded))
    for start in range(0, len(queries), step):
        block = queries[start : start + step] @ columns
        block[:, len(items) :] = -np.inf
        if themselves:
            own = np.arange(len(block))
            block[own, start + own] = -np.inf
        found, alike = _largest(block, count)
        places[start : start + step], similarities[start : start + step] = found, alike
    return Neighbours(places, similarities)


def _largest(block: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """The places and values of the largest numbers of each row, the largest first.

    They are in the `count` groups with the largest maxima, which are found several times faster than they.
    """
    grouped = block.reshape(len(block), -1, _GROUP)
    groups = min(count, grouped.shape[1])
    best = np.argpartition(-grouped.max(axis=2), groups - 1, axis=1)[:, :groups]
    candidates = np.take_along_axis(grouped, best[:, :, None], axis=1).reshape(len(block), -1)
    top = np.argpartition(-candidates, count - 1, axis=1)[:, :count]
    places = np.take_along_axis(best, top // _GROUP, axis=1) * _GROUP + top % _GROUP
    values = np.take_along_axis(candidates, top, axis=1)
    order = np.lexsort((places, -values), axis=1)
    return np.take_along_axis(places, order, axis=1), np.take_along_axis(values, order, axis=1)
