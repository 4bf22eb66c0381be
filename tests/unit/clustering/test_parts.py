from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from assay.domain.clustering.canonical import distinct_rows
from assay.domain.clustering.graph import neighbour_graph, spectral_embedding
from assay.domain.clustering.hierarchy import density_tree, labels_at
from assay.domain.clustering.neighbours import nearest
from assay.domain.clustering.structure import ladder
from tests.unit.clustering.blobs import blobs


def test_neighbours_are_exact() -> None:
    rows, _ = blobs((300, 200), 87)
    found = nearest(rows, rows, 15, themselves=True)
    similarities = rows @ rows.T
    np.fill_diagonal(similarities, -np.inf)
    assert np.allclose(found.similarities, -np.sort(-similarities, axis=1)[:, :15], atol=1e-6)
    assert np.allclose(np.take_along_axis(similarities, found.places, axis=1), found.similarities, atol=1e-6)


@pytest.mark.parametrize("items", [2, 5, 31, 33, 64, 65])
def test_neighbours_of_few(items: int) -> None:
    rows, _ = blobs((), items)
    found = nearest(rows, rows, min(15, items - 1), themselves=True)
    assert (found.places < items).all()
    assert (found.places != np.arange(items)[:, None]).all()
    assert all(len(set(row)) == len(row) for row in found.places.tolist())


def test_memory_is_bounded_by_blocks() -> None:
    rows, _ = blobs((), 20_000, dimensions=16)
    tracemalloc.start()
    nearest(rows, rows, 15, themselves=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6  # all similarities together would be 1,600 MB


def test_the_embedding_spans_the_leading_eigenvectors() -> None:
    rows, _ = blobs((80, 70, 60), 30, spread=0.12)
    graph = neighbour_graph(nearest(rows, rows, 15, themselves=True))
    dense = graph.toarray()
    assert np.allclose(dense, dense.T)
    scaling = 1 / np.sqrt(dense.sum(axis=1))
    _, vectors = np.linalg.eigh(dense * scaling[:, None] * scaling[None])
    exact = vectors[:, -12:] / np.linalg.norm(vectors[:, -12:], axis=1, keepdims=True)
    found = spectral_embedding(graph, 12)
    # a basis is not unique; the angles between the items are
    assert np.abs(found @ found.T - exact @ exact.T).mean() < 0.02


@pytest.mark.parametrize("minimum", [5, 10, 20])
def test_the_tree_reads_as_hdbscan_does(minimum: int) -> None:
    generator = np.random.default_rng(2)
    points = np.concatenate(
        [generator.normal(middle, spread, size=(60, 2)) for middle, spread in ((0, 1), (8, 0.7), (16, 1.5))]
        + [generator.uniform(-4, 20, size=(40, 2))]
    ).astype(np.float32)
    every = np.argsort(np.linalg.norm(points[:, None] - points[None], axis=2), axis=1, kind="stable")[:, 1:]
    tree = density_tree(points, every, np.ones(len(points), dtype=np.int64))
    reference = HDBSCAN(min_cluster_size=minimum, min_samples=6, copy=True).fit_predict(points)
    assert adjusted_rand_score(reference, labels_at(tree, minimum, len(points))) > 0.99


def test_distinct_rows_are_in_an_order_of_their_own() -> None:
    rows, _ = blobs((), 50)
    given = np.concatenate((rows, rows[:10], -np.zeros((2, 64), dtype=np.float32)))
    first, second = distinct_rows(given), distinct_rows(given[::-1])
    assert np.array_equal(first.rows, second.rows)
    assert np.array_equal(first.counts, second.counts)
    assert first.counts.sum() == len(given)
    assert np.allclose(first.rows[first.places], given, atol=1e-6)


def test_the_ladder_climbs_from_few_items_to_a_share() -> None:
    assert ladder(60) == [5, 8]
    assert ladder(3080)[0] == 8
    steps = ladder(10_000)
    assert steps == sorted(set(steps))
    assert steps[-1] <= 1500
