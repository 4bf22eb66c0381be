from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.contracts.clustering_runs import ClusterChange
from assay.domain.clustering.matching import MatchedCluster, match


def named(ids: dict[int, range | list[int]]) -> list[MatchedCluster]:
    return [MatchedCluster(id, [str(item) for item in items]) for id, items in ids.items()]


def test_the_first_run() -> None:
    found = match([], named({0: range(5), 1: range(5, 9)}), 7)
    assert [found.matches[place].id for place in (0, 1)] == [7, 8]
    assert {one.change for one in found.matches.values()} == {ClusterChange.BORN}
    assert (found.next_id, found.died) == (9, ())


def test_nothing_is_left() -> None:
    found = match(named({3: range(5), 1: range(5, 9)}), [], 4)
    assert (found.matches, found.died, found.next_id) == ({}, (1, 3), 4)


def test_kept_born_and_died() -> None:
    previous = named({4: range(100), 9: range(100, 160), 2: range(160, 200)})
    current = named({0: range(10, 105), 1: range(105, 160), 2: range(300, 330)})
    found = match(previous, current, 12)
    assert (found.matches[0].id, found.matches[0].change, found.matches[0].previous) == (
        4,
        ClusterChange.KEPT,
        (4,),
    )
    assert (found.matches[1].id, found.matches[1].change) == (9, ClusterChange.KEPT)
    assert (found.matches[2].id, found.matches[2].change) == (12, ClusterChange.BORN)
    assert found.matches[0].similarity > 0.9
    assert (found.died, found.next_id, found.by_items) == ((2,), 13, True)


def test_split() -> None:
    found = match(named({5: range(100)}), named({0: range(60), 1: range(60, 100)}), 6)
    assert (found.matches[0].id, found.matches[0].change) == (5, ClusterChange.KEPT)
    assert (found.matches[1].id, found.matches[1].change) == (6, ClusterChange.SPLIT)
    assert found.matches[1].previous == (5,)
    assert found.died == ()


def test_merged() -> None:
    found = match(named({5: range(60), 6: range(60, 100)}), named({0: range(100)}), 7)
    assert (found.matches[0].id, found.matches[0].change) == (5, ClusterChange.MERGED)
    assert found.matches[0].previous == (5, 6)
    assert found.died == ()


def test_centroids_decide_where_few_items_are_shared() -> None:
    first, second = np.eye(2, 8, dtype=np.float32)
    previous = [MatchedCluster(3, ["a"], first), MatchedCluster(4, ["b"], second)]
    current = [MatchedCluster(0, ["c"], second * 2), MatchedCluster(1, ["d"], first + second)]
    found = match(previous, current, 5)
    assert not found.by_items
    assert (found.matches[0].id, found.matches[0].change) == (4, ClusterChange.KEPT)
    assert (found.matches[1].id, found.matches[1].change) == (5, ClusterChange.BORN)
    assert found.died == (3,)


def test_centroids_of_different_models_are_not_compared() -> None:
    previous = [MatchedCluster(3, ["a"], np.ones(4, dtype=np.float32))]
    current = [MatchedCluster(0, ["b"], np.ones(8, dtype=np.float32)), MatchedCluster(1, ["c"])]
    found = match(previous, current, 4)
    assert {one.change for one in found.matches.values()} == {ClusterChange.BORN}
    assert found.died == (3,)


@given(st.lists(st.integers(20, 120), min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_identity_survives_when_a_tenth_of_the_items_change(sizes: list[int], random: object) -> None:
    generator = np.random.default_rng(len(sizes) * 1000 + sum(sizes))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    previous = [
        MatchedCluster(10 + label, [f"i{item}" for item in np.flatnonzero(labels == label)])
        for label in range(len(sizes))
    ]
    changed = generator.random(len(labels)) < 0.1
    names = [f"n{item}" if changed[item] else f"i{item}" for item in range(len(labels))]
    order = generator.permutation(len(sizes))
    current = [
        MatchedCluster(place, [names[item] for item in np.flatnonzero(labels == label)])
        for place, label in enumerate(order)
    ]
    found = match(previous, current, 100)
    assert [found.matches[place].id for place in range(len(order))] == (10 + order).tolist()
    assert {one.change for one in found.matches.values()} == {ClusterChange.KEPT}
    assert (found.died, found.next_id) == ((), 100)


members = st.dictionaries(st.integers(0, 60), st.integers(0, 6), max_size=60)


@given(members, members)
@settings(deadline=None)
def test_ids_are_unique_and_the_order_of_clusters_says_nothing(
    before: dict[int, int], after: dict[int, int]
) -> None:
    def run(placed: dict[int, int], base: int) -> list[MatchedCluster]:
        return [
            MatchedCluster(base + label, [str(item) for item, own in placed.items() if own == label])
            for label in sorted(set(placed.values()))
        ]

    previous, current = run(before, 20), run(after, 0)
    found = match(previous, current, 50)
    ids = [one.id for one in found.matches.values()]
    assert len(set(ids)) == len(ids) == len(current)
    assert max(ids, default=0) < found.next_id
    going_on = {id for id in ids if id < 50}
    merged = {id for one in found.matches.values() for id in one.previous[1:]}
    assert going_on | merged | set(found.died) == {one.id for one in previous}
    assert Counter(going_on) + Counter(merged) + Counter(found.died) == Counter(
        {one.id: 1 for one in previous}
    )
    again = match(previous[::-1], current, 50)
    assert again == found
