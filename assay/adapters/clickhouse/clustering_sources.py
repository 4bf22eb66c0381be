"""What clustering runs read of the events."""

from __future__ import annotations

from assay.adapters.clickhouse.clustering_draws import ClusteringDraws
from assay.adapters.clickhouse.clustering_metrics import ClusteringNumbers
from assay.adapters.clickhouse.clustering_texts import ClusteringTexts


class ClickHouseClusteringSources(ClusteringDraws, ClusteringTexts, ClusteringNumbers):
    """`assay.ports.ClusteringSources` in the event store; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds for any
    of its statements.

    Args:
        connection: of the event store, which closes it.
    """
