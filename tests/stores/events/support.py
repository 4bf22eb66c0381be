"""Builders for event store tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.clickhouse.connection import Connection
from assay.contracts.events import Event

NOON = datetime(2026, 3, 29, 12, 0, 0, 123_456, tzinfo=UTC)


class Backend:
    """A store and the connection below it, to look at columns that no port shows."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.store = ClickHouseEventStore(connection)

    def select(self, columns: str, project: int) -> list[dict[str, Any]]:
        """Columns of a project's events; the store's own reads are what is tested, so this is plain SQL."""
        sql = f"SELECT {columns} FROM events FINAL WHERE project_id = {{project:UInt64}}"
        return self.connection.query(sql, project=project)


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
