"""Distinct rows in an order of their own: identical items share a fate, and the given order says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assay.domain.clustering.model import Floats

_SEED: Final = 23
_BLOCK: Final = 4096


@dataclass(frozen=True, slots=True)
class DistinctRows:
    """The different rows of a matrix, in an order that depends on their contents alone."""

    rows: Floats
    counts: NDArray[np.int64]
    """How often each occurs."""
    places: NDArray[np.int64]
    """For each row as it was given, its place here."""


def distinct_rows(vectors: Floats) -> DistinctRows:
    """Unit-length distinct rows, ordered by a hash of their bytes; what is not a finite number counts as 0.

    The order is as good as random: the first m rows are a sample that hardly changes with the other rows.
    Rows count as identical when their 64-bit hashes are (by mistake once in 10^10 runs of 50,000 rows).
    """
    finite = np.nan_to_num(np.asarray(vectors, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    unit = unit_length(finite)
    hashes = np.concatenate([np.zeros(0, np.uint64), *_hashes(unit)])
    _, first, places, counts = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    return DistinctRows(unit[first], counts.astype(np.int64), places.astype(np.int64))


def unit_length(rows: Floats) -> Floats:
    """Rows scaled to length 1; zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _hashes(rows: Floats) -> Iterator[NDArray[np.uint64]]:
    generator = np.random.default_rng(_SEED)
    odd = np.asarray(generator.integers(0, 2**63, size=rows.shape[1:], dtype=np.uint64)) * np.uint64(
        2
    ) + np.uint64(1)
    for start in range(0, len(rows), _BLOCK):
        # adding 0 turns -0 into 0
        words = np.ascontiguousarray(rows[start : start + _BLOCK] + np.float32(0)).view(np.uint32)
        mixed = (words.astype(np.uint64) + np.uint64(1)) * odd
        total = (mixed ^ (mixed >> np.uint64(29))) * odd[::-1]
        summed = (total ^ (total >> np.uint64(32))).sum(axis=1, dtype=np.uint64)
        yield (summed ^ (summed >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
