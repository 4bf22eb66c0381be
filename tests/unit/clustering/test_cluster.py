from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from assay.domain.clustering import Clustering, ClusteringParameters, Fallback, cluster
from tests.unit.clustering.blobs import blobs, unit

FIELDS = ("labels", "centroids", "distances", "ranks", "coordinates", "centroid_coordinates")


def same(first: Clustering, second: Clustering) -> bool:
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in FIELDS)


@pytest.mark.parametrize("dimensions", [32, 256])
def test_three_blobs_and_noise(dimensions: int) -> None:
    rows, truth = blobs((100, 80, 60), 60, dimensions=dimensions, spread=1 / dimensions**0.5 / 2)
    found = cluster(rows)
    assert found.clusters == 3
    assert adjusted_rand_score(truth, found.labels) > 0.97
    assert found.noise_share == pytest.approx(0.2, abs=0.02)
    assert found.largest_share == pytest.approx(1 / 3, abs=0.02)
    assert found.stability is not None
    assert found.stability > 0.7
    assert found.fallback is Fallback.NONE
    assert np.bincount(found.labels[found.labels >= 0]).tolist() == sorted(
        np.bincount(found.labels[found.labels >= 0]), reverse=True
    )


@pytest.mark.parametrize(("items", "dimensions"), [(60, 16), (400, 32), (1500, 256)])
def test_all_noise(items: int, dimensions: int) -> None:
    found = cluster(blobs((), items, dimensions=dimensions)[0])
    assert found.clusters == 0
    assert found.noise_share == 1
    assert found.fallback is Fallback.NO_CLUSTERS
    assert set(found.labels.tolist()) == {-1}
    assert np.isfinite(found.coordinates).all()


def test_one_blob_at_ninety_percent() -> None:
    rows, truth = blobs((450,), 50)
    found = cluster(rows)
    assert found.clusters == 1
    assert adjusted_rand_score(truth, found.labels) > 0.95
    assert found.largest_share == pytest.approx(0.9, abs=0.02)


def test_one_blob_alone_is_one_cluster() -> None:
    found = cluster(blobs((300,), spread=0.03)[0])
    assert found.clusters == 1
    assert found.fallback is Fallback.ONE_CLUSTER
    assert found.noise_share < 0.05


def test_a_giant_cluster_is_divided_where_it_can_be() -> None:
    generator = np.random.default_rng(3)
    topic = generator.normal(size=64)
    parts = [topic + 0.5 * generator.normal(size=64) for _ in range(4)]
    near = np.concatenate([unit(part + 0.3 * generator.normal(size=(120, 64))) for part in parts])
    far = unit(generator.normal(size=64) + 0.3 * generator.normal(size=(40, 64)))
    truth = np.repeat(np.arange(5), (120, 120, 120, 120, 40))
    found = cluster(np.concatenate((near, far)))
    assert found.largest_share < 0.5
    assert adjusted_rand_score(truth, found.labels) > 0.9


@pytest.mark.parametrize("items", [0, 1, 2, 5, 20, 49, 50, 60])
def test_few_items(items: int) -> None:
    found = cluster(blobs((items - items // 2, items // 2))[0])
    assert len(found.labels) == len(found.distances) == len(found.ranks) == len(found.coordinates) == items
    assert found.centroids.shape == (found.clusters, 64)
    assert found.clusters == (2 if items >= 5 else 0)


def test_two_items_that_are_alike_are_a_cluster() -> None:
    assert cluster(blobs((2,))[0]).clusters == 1


def test_twenty_items_with_an_outlier() -> None:
    rows, truth = blobs((8, 7, 4), 1)
    found = cluster(rows)
    assert found.fallback is Fallback.FEW_ITEMS
    assert adjusted_rand_score(truth, found.labels) == 1
    assert found.labels[-1] == -1


def test_duplicates_share_a_cluster() -> None:
    rows, truth = blobs((100, 90, 80), 30)
    copies = np.concatenate((rows, np.repeat(rows[:20], 25, axis=0), rows[::-1]))
    found = cluster(copies)
    assert adjusted_rand_score(truth, found.labels[: len(rows)]) > 0.95
    for place in range(20):
        group = slice(len(rows) + 25 * place, len(rows) + 25 * place + 25)
        assert set(found.labels[group].tolist()) == {found.labels[place]}
    assert np.array_equal(found.labels[-len(rows) :][::-1], found.labels[: len(rows)])


def test_many_copies_of_three_texts() -> None:
    rows = blobs((), 3)[0]
    found = cluster(np.repeat(rows, (500, 300, 200), axis=0))
    assert found.labels.tolist() == [0] * 500 + [1] * 300 + [2] * 200
    assert found.distances.max() < 1e-5


def test_identical_items_alone_are_one_cluster() -> None:
    found = cluster(np.ones((1000, 8), dtype=np.float32))
    assert found.labels.tolist() == [0] * 1000


def test_texts_without_words_are_noise() -> None:
    rows, _ = blobs((80, 70))
    found = cluster(np.concatenate((rows, np.zeros((30, 64), dtype=np.float32))))
    assert found.clusters == 2
    assert found.labels[-30:].tolist() == [-1] * 30


def test_what_is_no_number_breaks_nothing() -> None:
    rows, _ = blobs((80, 70))
    rows[3, 5], rows[80] = np.nan, np.inf
    found = cluster(rows)
    assert found.clusters == 2
    assert all(np.isfinite(getattr(found, name)).all() for name in FIELDS)


def test_vectors_are_a_matrix() -> None:
    with pytest.raises(ValueError, match="matrix"):
        cluster(np.ones(3, dtype=np.float32))


def test_the_same_items_make_the_same_clusters_in_any_order() -> None:
    rows, _ = blobs((90, 80, 70, 60, 50), 60, spread=0.09)
    found = cluster(rows)
    assert same(found, cluster(rows.copy()))
    order = np.random.default_rng(5).permutation(len(rows))
    moved = cluster(rows[order])
    assert np.array_equal(moved.labels, found.labels[order])
    assert np.array_equal(moved.ranks, found.ranks[order])
    assert np.allclose(moved.centroids, found.centroids, atol=1e-6)
    assert np.allclose(moved.distances, found.distances[order], atol=1e-6)
    assert moved.stability == found.stability


def test_lengths_of_vectors_do_not_matter() -> None:
    rows, _ = blobs((90, 80), 30)
    assert np.array_equal(cluster(rows).labels, cluster(rows * 4).labels)


def test_threads_change_nothing() -> None:
    rows, _ = blobs((120, 100, 80), 60)
    with threadpool_limits(1):
        alone = cluster(rows)
    assert same(alone, cluster(rows))


def test_a_spawned_process_finds_the_same() -> None:
    rows, _ = blobs((60, 50), 20)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert same(pool.submit(cluster, rows).result(timeout=60), cluster(rows))


def test_items_beyond_the_structure_join_it() -> None:
    rows, truth = blobs((500, 400, 300), 200)
    found = cluster(rows, settings=ClusteringParameters(structure_items=400))
    assert found.clusters == 3
    assert adjusted_rand_score(truth, found.labels) > 0.95


def test_distances_and_ranks() -> None:
    rows, _ = blobs((90, 60), 30)
    found = cluster(rows)
    for label, centroid in enumerate(found.centroids):
        members = found.labels == label
        assert np.allclose(centroid, rows[members].mean(axis=0), atol=1e-5)
        assert np.allclose(
            found.distances[members], np.linalg.norm(rows[members] - centroid, axis=1), atol=1e-5
        )
    for label in (-1, 0, 1):
        members = np.flatnonzero(found.labels == label)
        by_rank = members[np.argsort(found.ranks[members])]
        assert sorted(found.ranks[members].tolist()) == list(range(len(members)))
        # Noise the other way round: the first stands farthest from all clusters.
        steps = np.diff(found.distances[by_rank])
        assert ((steps <= 0) if label < 0 else (steps >= 0)).all()
    noise = found.labels == -1
    nearest = np.linalg.norm(rows[noise][:, None] - found.centroids[None], axis=2).min(axis=1)
    assert np.allclose(found.distances[noise], nearest, atol=1e-5)


def test_clusters_are_drawn_apart() -> None:
    rows, _ = blobs((90, 80, 70, 60, 50, 40), 40)
    found = cluster(rows)
    assert np.abs(found.coordinates).max() <= 1
    reaches = [
        float(np.linalg.norm(found.coordinates[found.labels == label] - middle, axis=1).max())
        for label, middle in enumerate(found.centroid_coordinates)
    ]
    for one in range(found.clusters):
        for other in range(one):
            apart = np.linalg.norm(found.centroid_coordinates[one] - found.centroid_coordinates[other])
            assert apart > reaches[one] + reaches[other]


def test_progress_is_told() -> None:
    told: list[str] = []
    cluster(blobs((60, 50))[0], progress=told.append)
    assert told == ["distinct", "neighbours", "stability", "join", "describe"]


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, assay.domain.clustering, assay.domain.clustering.matching\n"
        "assert not {'numpy', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
