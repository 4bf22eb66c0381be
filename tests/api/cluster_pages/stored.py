"""A clustering run that a team might have: what its users asked a shop's assistant, and the run before."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import (
    NOISE,
    Cluster,
    ClusterChange,
    ClusterHistory,
    ClusteringItem,
    ClusteringRun,
    ClusteringRunCounts,
    ClusteringRunStatus,
    ClusteringTrigger,
    ClusterLabel,
    ClusterMetrics,
    ClusterShape,
    LabelSource,
    PlacedItem,
    Placement,
    SentimentShares,
)
from assay.errors import StoreUnavailable

UNTIL = datetime(2026, 11, 21, 0, 15, tzinfo=UTC)
DIED = 4


class Topic(NamedTuple):
    """What a cluster of the example is about."""

    cluster: int
    title: str
    size: int
    x: float
    y: float
    keywords: tuple[str, ...]
    history: ClusterHistory


def kept(cluster: int) -> ClusterHistory:
    return ClusterHistory(change=ClusterChange.KEPT, previous=(cluster,), similarity=0.93)


TOPICS = (
    Topic(1, "Refunds for orders that came late", 130, -6.0, 3.5, ("refund", "late order", "money back"), kept(1)),
    Topic(2, "Where a parcel is right now", 105, 5.0, 4.0, ("parcel", "tracking", "courier"), kept(2)),
    Topic(7, "Changing the address after paying", 80, 0.5, -4.5, ("address", "change", "delivery"),
          ClusterHistory(change=ClusterChange.MERGED, previous=(7, 5), similarity=0.71)),
    Topic(9, "Discount codes that are refused", 60, 7.0, -3.5, ("discount", "code", "voucher"),
          ClusterHistory(change=ClusterChange.SPLIT, previous=(2,), similarity=0.44)),
    Topic(10, "Questions about gift wrapping", 40, -6.5, -3.5, ("gift", "wrapping", "card"),
          ClusterHistory(change=ClusterChange.BORN)),
    Topic(3, "Signing in with a lost phone", 25, 0.0, 5.5, ("sign in", "phone", "code"), kept(3)),
)  # fmt: skip
NOISE_ITEMS = 35
ITEMS = sum(topic.size for topic in TOPICS) + NOISE_ITEMS


@dataclass
class Kept:
    """What runs have left, worked out before: the event store's answers; None: it is away."""

    clusters_of: Mapping[UUID, Sequence[Cluster]] | None = field(default_factory=dict)
    placed: Sequence[Placement] = ()
    items: Mapping[str, ClusteringItem] = field(default_factory=dict)
    asked: list[tuple[str, int, UUID]] = field(default_factory=list)

    def clusters(self, project_id: int, run: UUID) -> list[Cluster]:
        self.asked.append(("clusters", project_id, run))
        if self.clusters_of is None:
            raise StoreUnavailable("The event store did not answer (refused).")
        return list(self.clusters_of.get(run, ()))

    def placements(self, project_id: int, run: UUID) -> list[Placement]:
        self.asked.append(("placements", project_id, run))
        return list(self.placed)

    def titles(self, project_id: int, run: UUID, item_ids: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(("titles", project_id, run))
        return {each: self.items[each].title for each in item_ids if each in self.items}

    def samples(
        self, project_id: int, run: UUID, *, per_cluster: int, clusters: Collection[int] | None = None
    ) -> Mapping[int, Sequence[PlacedItem]]:
        self.asked.append(("samples", project_id, run))
        found: dict[int, list[PlacedItem]] = {}
        for place in self.placed:
            some = found.setdefault(place.cluster, [])
            if len(some) < per_cluster and place.item_id in self.items:
                some.append(PlacedItem(item=self.items[place.item_id], placement=place))
        return found


def a_run(run_id: UUID, project_id: int, **fields: Any) -> ClusteringRun:
    """The run of the example, as far as `fields` does not say otherwise."""
    defaults: dict[str, Any] = {
        "id": run_id,
        "project_id": project_id,
        "run_id": f"{project_id}_trace_20261121_001500",
        "job_name": "What people ask the shop",
        "level": AnalysisLevel.TRACE,
        "trigger": ClusteringTrigger.SCHEDULED,
        "workflow_id": f"clustering-run-{run_id}",
        "status": ClusteringRunStatus.COMPLETED,
        "window_start": UNTIL - timedelta(days=7),
        "window_end": UNTIL,
        "counts": ClusteringRunCounts(
            found=5_210, items=ITEMS, without_text=3, clusters=len(TOPICS), noise=NOISE_ITEMS, died=(DIED, 6)
        ),
        "next_cluster_id": 11,
        "parameters": {
            "method": "hdbscan",
            "min_cluster_size": 18,
            "stability": 0.81,
            "embedding_model": "static",
        },
        "cost_usd": 0.0031,
        "started_at": UNTIL + timedelta(seconds=2),
        "finished_at": UNTIL + timedelta(seconds=43.5),
    }
    if fields.get("status") is ClusteringRunStatus.RUNNING:
        defaults |= {"finished_at": None, "counts": ClusteringRunCounts(), "parameters": {}, "cost_usd": None}
    return ClusteringRun(**(defaults | fields))


def clusters() -> list[Cluster]:
    """The clusters of the example, the largest first, noise last."""
    found = [_cluster(place, topic) for place, topic in enumerate(TOPICS)]
    noise = ClusterShape(id=NOISE, size=NOISE_ITEMS, x=0.0, y=0.0)
    metrics = ClusterMetrics(item_count=NOISE_ITEMS, avg_cost=0.002, avg_latency=2.5, error_rate=0.0)
    return [*found, Cluster(shape=noise, metrics=metrics)]


def clusters_before() -> list[Cluster]:
    """Those of the run before."""
    names = {1: TOPICS[0].title, 2: "Parcels and discounts", 3: TOPICS[5].title, DIED: "Broken scanners",
             5: "Typing errors in addresses", 7: TOPICS[2].title}  # fmt: skip
    return [
        Cluster(
            shape=ClusterShape(id=cluster, size=50, x=0.0, y=0.0),
            label=ClusterLabel(title=name, source=LabelSource.MODEL),
        )
        for cluster, name in names.items()
    ]


def placements() -> list[Placement]:
    """Where the items of the example are: round clouds, far enough from each other, noise between them."""
    draw = random.Random(11)
    found = []
    for topic in TOPICS:
        for rank in range(topic.size):
            angle, away = draw.uniform(0, math.tau), 1.6 * math.sqrt(rank / topic.size)
            found.append(
                Placement(
                    item_id=f"trace-{topic.cluster}-{rank}",
                    cluster=topic.cluster,
                    distance=away,
                    rank=rank,
                    x=topic.x + away * math.cos(angle),
                    y=topic.y + away * math.sin(angle),
                )
            )
    for rank in range(NOISE_ITEMS):
        x, y = draw.uniform(-9, 9), draw.choice((-0.8, 0.2, 1.0)) + draw.uniform(-0.3, 0.3)
        found.append(Placement(item_id=f"trace-x-{rank}", cluster=NOISE, distance=5, rank=rank, x=x, y=y))
    return found


def items() -> list[ClusteringItem]:
    """What the items of the example are about."""
    about = {topic.cluster: topic for topic in TOPICS}
    return [_item(place, about.get(place.cluster)) for place in placements()]


def kept_of(run: ClusteringRun) -> Kept:
    """What the run of the example has left, and the run before it."""
    clusters_of = {run.id: clusters()} | ({} if run.previous is None else {run.previous: clusters_before()})
    return Kept(clusters_of, placements(), {each.id: each for each in items()})


def _item(place: Placement, topic: Topic | None) -> ClusteringItem:
    about = "Something that nobody else asks" if topic is None else topic.title
    word = "this and that" if topic is None else topic.keywords[0]
    return ClusteringItem(
        id=place.item_id,
        trace_id=place.item_id,
        timestamp=UNTIL - timedelta(minutes=17 * place.rank + 1),
        title=f"{about} (order {1000 + place.rank})",
        text=f"The customer of order {1000 + place.rank} writes about {word}.\nThe assistant looks it up and answers.",
        said=f"Please help me with {word}!",
    )


def _cluster(place: int, topic: Topic) -> Cluster:
    source = LabelSource.KEYWORDS if place == 4 else LabelSource.MODEL
    return Cluster(
        shape=ClusterShape(
            id=topic.cluster,
            size=topic.size,
            centroid=(0.5, 0.5),
            x=topic.x,
            y=topic.y,
            keywords=topic.keywords,
        ),
        history=topic.history,
        label=ClusterLabel(
            title=topic.title,
            description=f"- Customers ask about **{topic.keywords[0]}**.\n- Most get an answer at once.",
            source=source,
        ),
        metrics=ClusterMetrics(
            item_count=topic.size,
            avg_cost=0.0042 * (place + 1),
            total_cost=0.0042 * (place + 1) * topic.size,
            avg_latency=0.6 + 0.9 * place,
            error_count=place,
            error_rate=place / topic.size,
            verdicts=topic.size // 2,
            pass_rate=0.95 - 0.11 * place,
            sentiment=SentimentShares(
                positive=0.5 - 0.06 * place,
                neutral=0.3,
                negative=0.2 + 0.06 * place,
                items=topic.size - place,
            ),
        ),
    )
