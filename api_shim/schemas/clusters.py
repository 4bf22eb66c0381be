"""Clusters of a run, as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from assay.contracts.clustering_runs import (
    Cluster,
    ClusterChange,
    ClusterMetrics,
    LabelSource,
    PlacedItem,
)
from assay.contracts.wire import ResponseModel, Timestamp

_TEXT_CHARACTERS: Final = 500


class SentimentSharesResponse(ResponseModel):
    """How users feel: means over the items in which they say something."""

    positive: float
    neutral: float
    negative: float
    items: int


class ClusterMetricsResponse(ResponseModel):
    """Numbers of a cluster; null where nothing is known."""

    item_count: int
    avg_cost: float | None
    """USD."""
    total_cost: float | None
    avg_latency: float | None
    """Seconds."""
    avg_tokens: float | None
    error_count: int
    error_rate: float | None
    """Share of items with an error, 0 to 1."""
    verdicts: int
    """Verdicts on the items."""
    pass_rate: float | None
    na_rate: float | None
    dominant_evaluation_name: str | None
    """This and what follows: of clusters of verdicts only."""
    dominant_runtime: str | None
    avg_judge_cost: float | None
    sentiment: SentimentSharesResponse | None

    @classmethod
    def of(cls, metrics: ClusterMetrics) -> ClusterMetricsResponse:
        """The representation of `metrics`."""
        fields: dict[str, Any] = {name: getattr(metrics, name) for name in cls.model_fields}
        shares = metrics.sentiment
        if shares is not None:
            names = SentimentSharesResponse.model_fields
            fields["sentiment"] = SentimentSharesResponse(**{name: getattr(shares, name) for name in names})
        return cls(**fields)


class ClusterItemResponse(ResponseModel):
    """An item of a cluster."""

    id: str
    """Of the trace; of the generation's or the verdict's event."""
    trace_id: str | None
    generation_id: str | None
    """The generation that stands for it."""
    timestamp: Timestamp
    title: str | None
    """Of its summary."""
    text: str
    """The first 500 characters of what was compared."""
    distance_to_centroid: float
    rank: int
    """0 is the closest of its cluster."""

    @classmethod
    def of(cls, placed: PlacedItem) -> ClusterItemResponse:
        """The representation of an item in its place."""
        item, placement = placed.item, placed.placement
        return cls(
            id=item.id,
            trace_id=item.trace_id or None,
            generation_id=item.generation_id or None,
            timestamp=item.timestamp,
            title=item.title or None,
            text=item.text[:_TEXT_CHARACTERS],
            distance_to_centroid=placement.distance,
            rank=placement.rank,
        )


class ClusterResponse(ResponseModel):
    """A cluster; what is not made yet is null."""

    id: int
    """The same from run to run."""
    size: int
    title: str | None
    description: str | None
    """Bullets in Markdown."""
    label_source: LabelSource | None
    """Who named it: `model`, `keywords`, or `previous`, where it has the name of the run before."""
    keywords: tuple[str, ...]
    """Terms that set it apart, the strongest first."""
    change: ClusterChange | None
    """What it is to the clusters of the run before."""
    previous: tuple[int, ...]
    """Ids of those that it was made from, the one that it keeps first."""
    similarity: float | None
    """To that one, 0 to 1."""
    metrics: ClusterMetricsResponse | None
    samples: list[ClusterItemResponse]
    """The items closest to its centroid; of noise, those farthest from all."""

    @classmethod
    def of(cls, cluster: Cluster, samples: Sequence[PlacedItem]) -> ClusterResponse:
        """The representation of `cluster`."""
        shape, history, label, metrics = cluster.shape, cluster.history, cluster.label, cluster.metrics
        return cls(
            id=shape.id,
            size=shape.size,
            title=None if label is None else label.title,
            description=None if label is None else label.description or None,
            label_source=None if label is None else label.source,
            keywords=shape.keywords,
            change=None if history is None else history.change,
            previous=() if history is None else history.previous,
            similarity=None if history is None else history.similarity,
            metrics=None if metrics is None else ClusterMetricsResponse.of(metrics),
            samples=list(map(ClusterItemResponse.of, samples)),
        )
