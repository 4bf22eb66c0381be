"""Clusters, items and answers for the tests of names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from assay.contracts.clustering_runs import (
    Cluster,
    ClusterChange,
    ClusterHistory,
    ClusteringItem,
    ClusterLabel,
    ClusterShape,
    LabelSource,
    PlacedItem,
    Placement,
)

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_label(
    title: str = "Questions about late parcels", source: LabelSource = LabelSource.MODEL
) -> ClusterLabel:
    return ClusterLabel(title=title, description="- one\n- two", source=source)


def a_cluster(
    number: int,
    *keywords: str,
    change: ClusterChange | None = None,
    similarity: float | None = None,
    label: ClusterLabel | None = None,
) -> Cluster:
    history = (
        None if change is None else ClusterHistory(change=change, previous=(number,), similarity=similarity)
    )
    shape = ClusterShape(id=number, size=10, x=0.0, y=0.0, keywords=keywords)
    return Cluster(shape=shape, history=history, label=label)


def a_placed(text: str, title: str = "") -> PlacedItem:
    return PlacedItem(
        item=ClusteringItem(id=text, timestamp=NOON, text=text, title=title),
        placement=Placement(item_id=text, cluster=0, distance=0.1, rank=0, x=0.0, y=0.0),
    )


def entry(cluster: int, title: str, bullets: int = 2) -> dict[str, Any]:
    return {"cluster": cluster, "title": title, "description": [f"Sentence {n}." for n in range(bullets)]}


def answer(*entries: dict[str, Any]) -> str:
    return json.dumps({"clusters": list(entries)})
