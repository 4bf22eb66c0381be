"""What the steps of a clustering run hand on to each other."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts
from assay.contracts.clustering_runs import (
    LONGEST_SAMPLE,
    NOISE,
    Cluster,
    ClusterChange,
    ClusterHistory,
    ClusteringItem,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    LabelSource,
    Placement,
    SentimentShares,
)
from tests.stores.events.support import NOON, Backend, after

KEPT = ClusterHistory(change=ClusterChange.KEPT, previous=(4, 2), similarity=0.1 + 0.2)
LABEL = ClusterLabel(title="Größe 🙂", description="- one\n- two", source=LabelSource.MODEL)
METRICS = ClusterMetrics(item_count=3, avg_cost=0.1, error_rate=1 / 3, error_count=1)
MOOD = SentimentShares(positive=0.5, neutral=0.25, negative=0.25, items=2)


def item(item_id: str, **changes: Any) -> ClusteringItem:
    return ClusteringItem(**{"id": item_id, "timestamp": NOON} | changes)


def placement(item_id: str, cluster: int = 0, rank: int = 0, **changes: Any) -> Placement:
    fields = {"item_id": item_id, "cluster": cluster, "rank": rank, "distance": rank / 3, "x": 0.1, "y": -2.5}
    return Placement(**fields | changes)


def shape(cluster: int, size: int, **changes: Any) -> ClusterShape:
    return ClusterShape(**{"id": cluster, "size": size, "x": 0.1, "y": 1e-9} | changes)


class Run:
    """The artefacts of one run."""

    def __init__(self, backend: Backend, project: int) -> None:
        self.store = ClickHouseClusteringArtefacts(backend.connection)
        self.place: tuple[int, UUID] = (project, uuid4())

    def clusters(self) -> list[Cluster]:
        return self.store.clusters(*self.place)

    def samples(self, per_cluster: int, clusters: Collection[int] | None = None) -> dict[int, list[str]]:
        found = self.store.samples(*self.place, per_cluster=per_cluster, clusters=clusters)
        return {cluster: [each.item.id for each in placed] for cluster, placed in found.items()}


@pytest.fixture
def run(backend: Backend, project: int) -> Run:
    return Run(backend, project)


def test_items_come_back_by_id_and_in_pages(run: Run) -> None:
    told = item(
        "b", trace_id="b", generation_id=str(uuid4()), title="Größe", text="text 🙂", said="No.",
        timestamp=after(0.000_001),
    )  # fmt: skip
    items = [item("c"), told, item("a")]
    run.store.put_draw(*run.place, items)

    assert run.store.items(*run.place) == [items[2], told, items[0]]
    assert run.store.items(*run.place, limit=2) == [items[2], told]
    assert run.store.items(*run.place, after="a", limit=1) == [told]
    assert run.store.items(*run.place, after="c") == []
    untold = told.model_copy(update={"text": "", "said": ""})
    assert run.store.items(*run.place, after="a", limit=1, texts=False) == [untold]


def test_an_item_that_is_stored_again_is_replaced(run: Run) -> None:
    run.store.put_draw(*run.place, [item("a"), item("b")])
    run.store.put_items(*run.place, [item("a", text="read")])
    run.store.put_items(*run.place, [])
    assert run.store.items(*run.place) == [item("a", text="read"), item("b")]


def test_a_draw_replaces_the_one_before_and_what_came_of_it(run: Run) -> None:
    run.store.put_draw(*run.place, [item("a"), item("b"), item("c")])
    run.store.put_items(*run.place, [item("a", text="read"), item("b", text="read")])
    run.store.put_placements(*run.place, [placement("a")])
    run.store.put_shapes(*run.place, [shape(0, 1)])

    run.store.put_draw(*run.place, [item("d"), item("b")])
    assert run.store.items(*run.place) == [item("b"), item("d")]
    assert run.store.items(*run.place, after="a", limit=1) == [item("b")]
    assert (run.store.placements(*run.place), run.clusters()) == ([], [])
    run.store.put_items(*run.place, [item("a", text="late"), item("d", text="read")])
    assert run.store.items(*run.place) == [item("b"), item("d", text="read")]
    run.store.put_draw(*run.place, [])
    assert run.store.items(*run.place) == []


def test_runs_and_projects_are_kept_apart(backend: Backend, run: Run) -> None:
    project, run_id = run.place
    run.store.put_draw(project, run_id, [item("a")])
    run.store.put_placements(project, run_id, [placement("a")])
    run.store.put_shapes(project, run_id, [shape(0, 1)])
    for other in ((project + 1_000_000, run_id), (project, uuid4())):
        assert run.store.items(*other) == []
        assert run.store.placements(*other) == []
        assert run.store.clusters(*other) == []
        assert run.store.samples(*other, per_cluster=1) == {}


def test_placements_are_replaced_as_a_whole(run: Run) -> None:
    first = [placement("a", 1, 1), placement("b", NOISE), placement("c", 1, 0)]
    run.store.put_placements(*run.place, first)
    assert run.store.placements(*run.place) == [first[1], first[2], first[0]]

    run.store.put_placements(*run.place, [placement("a", 0)])
    assert run.store.placements(*run.place) == [placement("a", 0)]
    run.store.put_placements(*run.place, [])
    assert run.store.placements(*run.place) == []


def test_clusters_are_replaced_as_a_whole(run: Run) -> None:
    large = shape(7, 9, centroid=(0.1, 1 / 3, -1.0), keywords=("größe", "x"))
    run.store.put_shapes(*run.place, [shape(NOISE, 50), shape(2, 3), shape(1, 3), large])
    assert [found.shape.id for found in run.clusters()] == [7, 1, 2, NOISE]
    assert run.clusters()[0] == Cluster(shape=large)

    run.store.put_labels(*run.place, {2: LABEL, 7: LABEL})
    run.store.put_shapes(*run.place, [large])
    assert run.clusters() == [Cluster(shape=large)]
    run.store.put_shapes(*run.place, [])
    assert run.clusters() == []


def test_names_and_numbers_are_of_the_clusters_that_are_there(run: Run) -> None:
    """Those of an earlier attempt are not taken for those of this one, if it cannot get any."""
    run.store.put_histories(*run.place, {1: KEPT})
    run.store.put_shapes(*run.place, [shape(1, 3)])
    run.store.put_labels(*run.place, {1: LABEL})
    run.store.put_metrics(*run.place, {1: METRICS})
    run.store.put_sentiment(*run.place, {1: MOOD})
    assert run.clusters()[0].metrics == METRICS.model_copy(update={"sentiment": MOOD})

    born = ClusterHistory(change=ClusterChange.BORN)
    run.store.put_histories(*run.place, {1: born})
    run.store.put_shapes(*run.place, [shape(1, 2)])
    assert run.clusters() == [Cluster(shape=shape(1, 2), history=born)]
    run.store.put_metrics(*run.place, {1: METRICS})
    assert run.clusters() == [Cluster(shape=shape(1, 2), history=born, metrics=METRICS)]


def test_what_is_known_of_clusters_comes_bit_by_bit(run: Run) -> None:
    shapes = [shape(1, 3), shape(2, 2), shape(NOISE, 1)]
    run.store.put_shapes(*run.place, shapes)
    run.store.put_histories(*run.place, {1: KEPT, 2: ClusterHistory(change=ClusterChange.BORN)})
    run.store.put_labels(*run.place, {1: LABEL.model_copy(update={"title": "Old"})})
    run.store.put_labels(*run.place, {1: LABEL, NOISE: LABEL})
    run.store.put_metrics(*run.place, {1: METRICS})
    run.store.put_sentiment(*run.place, {1: MOOD, 2: MOOD})
    run.store.put_histories(*run.place, {})

    first, second, noise = run.clusters()
    with_mood = METRICS.model_copy(update={"sentiment": MOOD})
    assert first == Cluster(shape=shapes[0], history=KEPT, label=LABEL, metrics=with_mood)
    assert second == Cluster(
        shape=shapes[1],
        history=ClusterHistory(change=ClusterChange.BORN),
        metrics=ClusterMetrics(item_count=2, sentiment=MOOD),
    )
    assert noise == Cluster(shape=shapes[2], label=LABEL)


def test_samples_show_what_a_cluster_is(run: Run) -> None:
    names = ["near", "nearer", "nearest", "lost", "lonely", "alone"]
    run.store.put_items(*run.place, [item(name) for name in names])
    run.store.put_items(*run.place, [item("nearest", text="read")])
    run.store.put_placements(
        *run.place,
        [
            placement("near", 3, 2),
            placement("nearer", 3, 1),
            placement("nearest", 3, 0),
            placement("lost", NOISE, 1, distance=0.5),
            placement("lonely", NOISE, 0, distance=0.9),
            placement("alone", 5),
            placement("without an item", 5, 1),
        ],
    )
    assert run.samples(2) == {3: ["nearest", "nearer"], NOISE: ["lonely", "lost"], 5: ["alone"]}
    assert run.samples(1)[NOISE] == ["lonely"]
    assert run.samples(1, clusters={5, NOISE, 99}) == {NOISE: ["lonely"], 5: ["alone"]}
    assert run.samples(1, clusters=()) == {}
    [placed] = run.store.samples(*run.place, per_cluster=1)[3]
    assert (placed.item, placed.placement) == (item("nearest", text="read"), placement("nearest", 3, 0))


def test_samples_are_no_longer_than_anybody_is_shown(run: Run) -> None:
    run.store.put_items(*run.place, [item("a", title="Größe", text="ß" * 5_000, said="No. " * 5_000)])
    run.store.put_placements(*run.place, [placement("a")])
    [placed] = run.store.samples(*run.place, per_cluster=1)[0]
    assert placed.item == item("a", title="Größe", text="ß" * LONGEST_SAMPLE)


def test_fifty_thousand_items(run: Run) -> None:
    chance = random.Random(8)
    items = [item(str(UUID(int=chance.getrandbits(128))), text="text " * 40) for _ in range(50_000)]
    placements = [
        placement(each.id, number % 50, number // 50, x=chance.random()) for number, each in enumerate(items)
    ]
    run.store.put_draw(*run.place, items)
    run.store.put_placements(*run.place, placements)

    assert run.store.items(*run.place) == sorted(items, key=lambda each: each.id)
    in_order = sorted(placements, key=lambda each: (each.cluster, each.rank))
    assert run.store.placements(*run.place) == in_order
    assert {len(found) for found in run.samples(5).values()} == {5}


@pytest.mark.parametrize(
    "table", ["clustering_draws", "clustering_items", "clustering_placements", "clustering_facts"]
)
def test_nothing_is_kept_for_longer_than_ninety_days(backend: Backend, run: Run, table: str) -> None:
    project, run_id = run.place
    types = {"project_id": "UInt64", "run": "UUID", "stored_at": "DateTime64(6, 'UTC')"}
    now = datetime.now(UTC)
    for days in (85, 95):
        backend.connection.insert(table, types, [[project], [run_id], [now - timedelta(days=days)]])
    backend.connection.command(f"OPTIMIZE TABLE {table} FINAL")

    sql = f"SELECT stored_at FROM {table} WHERE project_id = {{project:UInt64}}"
    [row] = backend.connection.query(sql, project=project)
    assert row["stored_at"] > now - timedelta(days=90)
