"""What the tests of clustering runs share: runs that have come to their end, and what they have found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from assay.adapters.clickhouse import ClickHouseClusteringArtefacts
from assay.contracts.clustering_runs import (
    NOISE,
    ClusterChange,
    ClusterHistory,
    ClusteringItem,
    ClusteringRun,
    ClusteringRunCounts,
    ClusteringRunStatus,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    LabelSource,
    Placement,
    SentimentShares,
)
from assay.ports import Registry

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def finish(registry: Registry, run: ClusteringRun, **changes: Any) -> ClusteringRun:
    """Close a run as its workflow would."""
    ended = {
        "status": ClusteringRunStatus.COMPLETED,
        "counts": ClusteringRunCounts(found=9, items=5, clusters=2, noise=1, without_text=1, died=(3,)),
        "parameters": {"clustering_method": "hdbscan"},
        "cost_usd": 0.25,
        "finished_at": run.started_at + timedelta(seconds=42),
    }
    closed = run.model_copy(update=ended | changes)
    assert await registry.clustering_runs.close(closed)
    return closed


def find_clusters(artefacts: ClickHouseClusteringArtefacts, run: ClusteringRun) -> None:
    """Store what a run has found: a named cluster of three, one of a single item, and an outlier."""
    place = (run.project_id, run.id)
    artefacts.put_items(*place, [_item(number) for number in range(5)])
    artefacts.put_placements(*place, [_placement(number) for number in range(5)])
    artefacts.put_shapes(*place, [_shape(7, 3, "refund", "money"), _shape(8, 1), _shape(NOISE, 1)])
    kept = ClusterHistory(change=ClusterChange.MERGED, previous=(7, 3), similarity=0.75)
    artefacts.put_histories(*place, {7: kept})
    name = ClusterLabel(title="Refunds [bold]wanted", description="- Money\n- Back", source=LabelSource.MODEL)
    artefacts.put_labels(*place, {7: name})
    artefacts.put_metrics(
        *place, {7: ClusterMetrics(item_count=3, total_cost=1.5, verdicts=2, pass_rate=0.5)}
    )
    artefacts.put_sentiment(*place, {7: SentimentShares(positive=0.1, neutral=0.2, negative=0.7, items=3)})


def _item(number: int) -> ClusteringItem:
    return ClusteringItem(
        id=f"trace-{number}",
        trace_id=f"trace-{number}",
        timestamp=AT + timedelta(minutes=number),
        title="A refund" if number == 0 else "",
        text="I want my money back. " * 50,
    )


def _placement(number: int) -> Placement:
    cluster = {3: 8, 4: NOISE}.get(number, 7)
    rank = number if cluster == 7 else 0
    return Placement(
        item_id=f"trace-{number}", cluster=cluster, distance=0.25 * (rank + 1), rank=rank, x=1.0, y=2.0
    )


def _shape(cluster: int, size: int, *keywords: str) -> ClusterShape:
    return ClusterShape(id=cluster, size=size, x=0.0, y=0.0, keywords=keywords)
