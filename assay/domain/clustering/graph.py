"""The graph of neighbours, and where its random walks put the items."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from assay.domain.clustering.canonical import unit_length
from assay.domain.clustering.model import Floats
from assay.domain.clustering.neighbours import Neighbours

_BISECTIONS: Final = 40
_SEED: Final = 42
_OVERSAMPLING: Final = 16
"""Vectors beyond those that are wanted, which make them converge."""

_ROUNDS: Final = 5
_DEGREE: Final = 8
"""Of the polynomials: rounds and degree are enough for the space, which need not be exact."""

_HIGHEST_CUT: Final = 0.95
"""Eigenvalues above it are never damped."""


def neighbour_graph(found: Neighbours) -> csr_array[Any]:
    """Weights of neighbours on each item's own scale, made symmetric (the fuzzy union of UMAP).

    The nearest neighbour weighs 1; the scale is such that all weigh log2(k) together (McInnes and others,
    2018, section 3.1): dense and sparse regions are connected alike.
    """
    count, width = found.places.shape
    distances = np.sqrt(np.maximum(2 - 2 * found.similarities.astype(np.float64), 0))
    beyond = distances - distances[:, :1]
    weights = np.exp(-beyond / _scales(beyond)[:, None])
    starts = np.arange(0, count * width + 1, width)
    directed = csr_array((weights.ravel(), found.places.ravel(), starts), shape=(count, count))
    both = directed + directed.T - directed * directed.T
    return csr_array(both)


def _scales(beyond: NDArray[np.float64]) -> NDArray[np.float64]:
    target = np.log2(beyond.shape[1])
    low, high = np.full(len(beyond), 1e-6), np.full(len(beyond), 8.0)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        too_much = np.exp(-beyond / middle[:, None]).sum(axis=1) > target
        low, high = np.where(too_much, low, middle), np.where(too_much, middle, high)
    scales: NDArray[np.float64] = (low + high) / 2
    return scales


def spectral_embedding(graph: csr_array[Any], dimensions: int) -> Floats:
    """Unit rows of the leading eigenvectors of the normalised graph (Ng, Jordan and Weiss, 2001).

    Items between which random walks are likely get near each other. The space is found by block iteration
    with Chebyshev polynomials (Zhou and others, 2006), which is several times faster here than Lanczos'
    method; which basis of it comes out does not matter to distances.
    """
    count = graph.shape[0]
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    scaling = diags_array(1 / np.sqrt(np.maximum(degrees, 1e-12)))
    operator = csr_array(scaling @ graph @ scaling).astype(np.float32)
    width = min(dimensions + _OVERSAMPLING, count)
    start = np.random.default_rng(_SEED).standard_normal((count, width), dtype=np.float32)
    basis, lowest = np.linalg.qr(start)[0], 0.0
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(_filtered(operator, basis, lowest))[0]
        values, rotation = np.linalg.eigh((basis.T @ (operator @ basis)).astype(np.float64))
        basis = basis @ rotation.astype(np.float32)
        lowest = float(np.clip(values[0], -0.5, _HIGHEST_CUT))
    return unit_length(np.ascontiguousarray(basis[:, ::-1][:, :dimensions]))


def _filtered(operator: csr_array[Any], basis: Floats, lowest: float) -> Floats:
    """The Chebyshev polynomial of the operator that is small on -1 … lowest and grows beyond, on a basis."""
    middle, half = np.float32((lowest - 1) / 2), np.float32((lowest + 1) / 2)
    now: Floats
    before, now = basis, (operator @ basis - middle * basis) / half
    for _ in range(_DEGREE - 1):
        before, now = now, 2 * (operator @ now - middle * now) / half - before
    return now


def random_walk(graph: csr_array[Any]) -> csr_array[Any]:
    """The probability of each step."""
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    return csr_array(diags_array(1 / np.maximum(degrees, 1e-12)) @ graph)
