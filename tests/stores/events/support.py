"""Builders for event store tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from assay.adapters.clickhouse import (
    ClickHouseEvaluationTargets,
    ClickHouseEventStore,
    ClickHouseReportData,
    ClickHouseTraces,
)
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.rows import INSERT_TYPES, to_block
from assay.contracts.evaluation_batches import Arrival, BatchRef, Claim, Origin
from assay.contracts.events import Event

NOON = datetime(2026, 3, 29, 12, 0, 0, 123_456, tzinfo=UTC)


class Backend:
    """A store and the connection below it, to look at columns that no port shows."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.store = ClickHouseEventStore(connection)
        self.targets = ClickHouseEvaluationTargets(connection)
        self.report_data = ClickHouseReportData(connection)
        self.traces = ClickHouseTraces(connection)

    def select(self, columns: str, project: int) -> list[dict[str, Any]]:
        """Columns of a project's events; the store's own reads are what is tested, so this is plain SQL."""
        sql = f"SELECT {columns} FROM events FINAL WHERE project_id = {{project:UInt64}}"
        return self.connection.query(sql, project=project)

    def take(self, at: datetime, *events: Event) -> None:
        """Insert events as if the store's clock had shown this instant."""
        types = INSERT_TYPES | {"ingested_at": "DateTime64(6, 'UTC')"}
        self.connection.insert("events", types, [*to_block(events), [at] * len(events)])


def event(project: int, /, properties: dict[str, Any] | None = None, **fields: Any) -> Event:
    """An event of noon with a new uuid."""
    values = {
        "project_id": project,
        "event": "$ai_generation",
        "uuid": uuid4(),
        "distinct_id": "user",
        "timestamp": NOON,
        "properties": properties or {},
    }
    return Event(**values | fields)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def as_sent(stored: Event | None) -> Event | None:
    """A stored event without what the store added."""
    return None if stored is None else stored.model_copy(update={"ingested_at": None})


def uuids(arrivals: Sequence[Arrival]) -> list[UUID]:
    return [arrival.uuid for arrival in arrivals]


def claim(project: int, /, **fields: Any) -> Claim:
    """A claim on a new target of noon; `evaluation`, `dispatch` and `number` say in which batch."""
    batch = BatchRef(
        project_id=project,
        evaluation_id=fields.pop("evaluation", UUID(int=1)),
        dispatch_id=fields.pop("dispatch", "dispatch"),
        number=fields.pop("number", 0),
    )
    values = {
        "batch": batch,
        "evaluation_version": 1,
        "target": uuid4(),
        "timestamp": NOON,
        "size": 2_000,
        "origin": Origin.LIVE,
        "verdict_event_id": uuid4(),
    }
    return Claim(**values | fields)


def as_claimed(stored: Sequence[Claim]) -> list[Claim]:
    """Stored claims without what the store added."""
    return [one.model_copy(update={"claimed_at": None}) for one in stored]
