"""Vectors whose clusters are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

type Rows = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Rows:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def blobs(
    sizes: Sequence[int], noise: int = 0, *, dimensions: int = 64, spread: float = 0.06, seed: int = 1
) -> tuple[Rows, NDArray[np.int64]]:
    """Items around as many random directions as there are sizes, then items in any direction (label -1)."""
    generator = np.random.default_rng(seed)
    middles = unit(generator.normal(size=(len(sizes), dimensions)))
    rows = [
        unit(middle + spread * generator.normal(size=(size, dimensions)))
        for middle, size in zip(middles, sizes, strict=True)
    ]
    rows.append(unit(generator.normal(size=(noise, dimensions))))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.concatenate(rows), np.concatenate((labels, np.full(noise, -1)))
