"""Arrivals, claims and the events they are about, in the event store."""

from __future__ import annotations

from assay.adapters.clickhouse.arrivals import ArrivalReads
from assay.adapters.clickhouse.claims import Claims
from assay.adapters.clickhouse.generations import GenerationReads


class ClickHouseEvaluationTargets(ArrivalReads, GenerationReads, Claims):
    """`assay.ports.EvaluationTargets` in the event store; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.

    Args:
        connection: of the event store, which closes it.
    """
