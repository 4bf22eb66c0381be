"""Names without a model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.clustering_runs import NOISE, ClusterChange, ClusterLabel, LabelSource
from assay.domain.cluster_labels.naming import MOST_OF_GROUP, carried, folded, groups, keyword_labels
from tests.unit.cluster_labels.values import a_cluster, a_label

KEPT = ClusterChange.KEPT


@pytest.mark.parametrize(
    ("change", "similarity", "label"),
    [
        pytest.param(KEPT, 0.79, a_label(), id="less-similar"),
        pytest.param(KEPT, None, a_label(), id="unknown-similarity"),
        pytest.param(ClusterChange.MERGED, 0.95, a_label(), id="merged"),
        pytest.param(None, None, a_label(), id="no-history"),
        pytest.param(KEPT, 0.95, a_label(source=LabelSource.KEYWORDS), id="of-keywords"),
        pytest.param(KEPT, 0.95, None, id="nameless"),
    ],
)
def test_other_clusters_need_a_new_name(
    change: ClusterChange | None, similarity: float | None, label: ClusterLabel | None
) -> None:
    assert carried([a_cluster(7, change=change, similarity=similarity)], {7: a_cluster(7, label=label)}) == {}


@pytest.mark.parametrize("source", [LabelSource.MODEL, LabelSource.PREVIOUS])
def test_a_kept_cluster_keeps_its_name(source: LabelSource) -> None:
    before = {7: a_cluster(7, label=a_label(source=source))}
    found = carried(
        [a_cluster(7, change=KEPT, similarity=0.8), a_cluster(8, change=KEPT, similarity=1)], before
    )
    assert found == {7: a_label(source=LabelSource.PREVIOUS)}


def test_keywords_make_names_of_which_each_is_another() -> None:
    clusters = [
        a_cluster(1, "refund", "late", "parcel", "box"),
        a_cluster(2, "refund", "late", "parcel"),
        a_cluster(3),
        a_cluster(4, "card"),
        a_cluster(NOISE, "any"),
    ]
    found = keyword_labels(clusters, {"card"}, {})
    assert {number: label.title for number, label in found.items()} == {
        1: "Refund, late, parcel",
        2: "Refund, late, parcel (2)",
        3: "Cluster 3",
        4: "Card (4)",
        NOISE: "Outliers",
    }
    assert found[1].description == "- Words that set it apart: refund, late, parcel, box"
    assert found[3].description == ""
    assert {label.source for label in found.values()} == {LabelSource.KEYWORDS}


@pytest.mark.parametrize(
    ("similarity", "title"),
    [pytest.param(0.8, "Late, box", id="kept"), pytest.param(0.7, "Parcel", id="changed")],
)
def test_a_kept_cluster_keeps_its_name_of_keywords(similarity: float, title: str) -> None:
    before = {7: a_cluster(7, label=a_label("Late, box", source=LabelSource.KEYWORDS))}
    cluster = a_cluster(7, "parcel", change=KEPT, similarity=similarity)

    found = keyword_labels([cluster], set(), before)[7]

    assert (found.title, found.source) == (title, LabelSource.KEYWORDS)
    assert found.description == "- Words that set it apart: parcel"


@given(st.lists(st.lists(st.sampled_from(["a", "b", "C", "c"]), max_size=2), max_size=6))
def test_names_of_keywords_are_distinct(keywords: list[list[str]]) -> None:
    clusters = [a_cluster(number, *words) for number, words in enumerate(keywords)]
    titles = [folded(label.title) for label in keyword_labels(clusters, {"a, b"}, {}).values()]
    assert len(titles) == len(clusters)
    assert len(set(titles) | {"a, b"}) == len(titles) + 1


@given(st.lists(st.integers(), unique=True, max_size=75))
def test_groups_are_even_and_hold_all(ids: list[int]) -> None:
    found = groups(ids)
    assert [number for group in found for number in group] == ids
    sizes = {len(group) for group in found}
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert all(0 < size <= MOST_OF_GROUP for size in sizes)
