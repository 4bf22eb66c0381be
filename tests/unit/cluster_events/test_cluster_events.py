"""The event of a run: PostHog's properties, ours, and how it stays small enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import (
    NOISE,
    Cluster,
    ClusterChange,
    ClusterHistory,
    ClusteringItem,
    ClusteringRun,
    ClusteringTrigger,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    LabelSource,
    Placement,
)
from assay.domain import cluster_events
from assay.domain.cluster_events import Found, clusters_event, clusters_event_id, even_share

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
RUN_ID = uuid5(UUID(int=1), "run")
RUN = ClusteringRun(
    id=RUN_ID,
    project_id=2,
    run_id="2_trace_20260504_120000_job",
    job_id=UUID(int=7),
    job_name="Checkout",
    level=AnalysisLevel.TRACE,
    trigger=ClusteringTrigger.SCHEDULED,
    workflow_id="clustering-run-x",
    window_start=NOON - timedelta(days=7),
    window_end=NOON,
    started_at=NOON,
)


def _found(per_cluster: int = 2) -> Found:
    label = ClusterLabel(title="Refunds for late parcels", description="- a\n- b", source=LabelSource.MODEL)
    shape = ClusterShape(id=4, size=per_cluster, centroid=(0.6, 0.8), x=0.1, y=0.2, keywords=("refund",))
    history = ClusterHistory(change=ClusterChange.MERGED, previous=(4, 2), similarity=0.9)
    noise = ClusterShape(id=NOISE, size=1, x=0.5, y=0.5)
    placements = [
        Placement(item_id=f"t{number}", cluster=4, distance=0.1 * number, rank=number, x=number, y=0.0)
        for number in range(per_cluster)
    ]
    placements.append(Placement(item_id="odd", cluster=NOISE, distance=0.9, rank=0, x=5, y=5))
    return Found(
        clusters=[
            Cluster(
                shape=shape, history=history, label=label, metrics=ClusterMetrics(item_count=2, avg_cost=0.5)
            ),
            Cluster(shape=noise),
        ],
        placements=placements,
        items={
            each.item_id: ClusteringItem(
                id=each.item_id, trace_id=each.item_id, generation_id=f"g-{each.item_id}", timestamp=NOON
            )
            for each in placements
        },
        parameters={"clustering_method": "hdbscan"},
        previous_run_id="2_trace_20260503_120000_job",
        died=(9,),
    )


def test_the_event_has_the_properties_of_posthog_and_ours() -> None:
    event = clusters_event(RUN, _found())
    assert (event.event, event.uuid, event.timestamp) == (
        "$ai_trace_clusters",
        clusters_event_id(RUN_ID),
        NOON,
    )
    assert event.distinct_id == "clustering_trace_2"
    clusters = event.properties.pop("$ai_clusters")
    assert event.properties == {
        "$ai_clustering_run_id": RUN.run_id,
        "$ai_clustering_level": "trace",
        "$ai_clustering_job_id": str(RUN.job_id),
        "$ai_clustering_job_name": "Checkout",
        "$ai_window_start": "2026-04-27T12:00:00+00:00",
        "$ai_window_end": "2026-05-04T12:00:00+00:00",
        "$ai_total_items_analyzed": 3,
        "$ai_clustering_params": {"clustering_method": "hdbscan"},
        "$ai_clustering_items_listed": 3,
        "$ai_clustering_previous_run_id": "2_trace_20260503_120000_job",
        "$ai_clusters_died": [9],
    }
    cluster, noise = clusters
    assert cluster.pop("traces")["t1"] == {
        "distance_to_centroid": 0.1,
        "rank": 1,
        "x": 1.0,
        "y": 0.0,
        "timestamp": "2026-05-04T12:00:00+00:00",
        "trace_id": "t1",
        "generation_id": "g-t1",
    }
    metrics = cluster.pop("metrics")
    assert (metrics["avg_cost"], metrics["item_count"], metrics["pass_rate"]) == (0.5, 2, None)
    assert cluster == {
        "cluster_id": 4,
        "size": 2,
        "title": "Refunds for late parcels",
        "description": "- a\n- b",
        "centroid": [0.6, 0.8],
        "centroid_x": 0.1,
        "centroid_y": 0.2,
        "keywords": ["refund"],
        "label_source": "model",
        "change": "merged",
        "previous_cluster_ids": [4, 2],
        "similarity": 0.9,
        "items_left_out": 0,
    }
    assert (noise["cluster_id"], noise["centroid"], noise["metrics"], noise["change"]) == (-1, [], None, None)
    assert list(noise["traces"]) == ["odd"]


@pytest.mark.parametrize("level", list(AnalysisLevel))
def test_each_level_has_its_event(level: AnalysisLevel) -> None:
    event = clusters_event(RUN.model_copy(update={"level": level, "job_id": None, "job_name": ""}), _found())
    assert event.event == f"$ai_{level}_clusters"
    assert event.properties["$ai_clustering_job_id"] == ""


def test_of_too_many_items_the_closest_of_each_cluster_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_events, "MOST_LISTED", 11)
    properties = clusters_event(RUN, _found(per_cluster=50)).properties
    cluster, noise = properties["$ai_clusters"]
    assert list(cluster["traces"]) == [f"t{number}" for number in range(10)]
    assert (cluster["size"], cluster["items_left_out"], noise["items_left_out"]) == (50, 40, 0)
    assert (properties["$ai_total_items_analyzed"], properties["$ai_clustering_items_listed"]) == (51, 11)


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 100))
def test_shares_are_even_and_as_large_as_possible(sizes: list[int], most: int) -> None:
    share = even_share(sizes, most)

    def taken(each: int) -> int:
        return sum(min(size, each) for size in sizes)

    assert taken(share) <= most
    assert share >= max(sizes, default=0) or taken(share + 1) > most
