"""The event store on ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.filters import Condition, filter_condition
from assay.adapters.clickhouse.migrations import migrate
from assay.adapters.clickhouse.rows import INSERT_TYPES, SELECTED, to_block, to_event
from assay.contracts.events import Event, EventRef, utc_day
from assay.domain.filters.predicates import Filters

# FINAL keeps the latest copy of an event that was written more than once.
FIND_EVENT = f"""
SELECT {SELECTED} FROM events FINAL
WHERE project_id = {{project_id:UInt64}}
  AND event = {{event:String}}
  AND toDate(timestamp) = {{day:Date}}
  AND uuid = {{uuid:UUID}}
"""  # noqa: S608  (column names, no values)

TRACE = f"""
SELECT {SELECTED} FROM events FINAL
WHERE project_id = {{project_id:UInt64}} AND trace_id = {{trace_id:String}}
ORDER BY timestamp, uuid
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

# Long values are not read, unless a filter asks for them.
NEWEST_OF_A_DAY = """
SELECT uuid FROM events FINAL
WHERE project_id = {project_id:UInt64}
  AND event = {event:String}
  AND toDate(timestamp) = {day:Date}
  AND timestamp >= {since:DateTime64(6, 'UTC')}
  AND timestamp < {until:DateTime64(6, 'UTC')}
  AND %s
ORDER BY timestamp DESC, uuid DESC
LIMIT {limit:UInt64}
"""


class ClickHouseEventStore:
    """`assay.ports.EventStore` on the embedded engine or a ClickHouse server; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> Connection:
        """What the store goes through, for others that keep something beside it."""
        return self._connection

    def insert(self, events: Sequence[Event]) -> None:
        """Write events in one block; they survive the death of this process when this returns.

        Writing an event again replaces its earlier copy. `ingested_at` is the store's own clock.

        Raises:
            EventsRejected: the store cannot hold one of them, and none is written. Written one by one, the
                others are.
        """
        if events:
            self._connection.insert("events", INSERT_TYPES, to_block(events))

    def find_event(self, ref: EventRef, *, distinct_id: str | None = None) -> Event | None:
        """One event by its full address, or None. `distinct_id`, when given, must match as well."""
        rows = self._connection.query(
            FIND_EVENT, project_id=ref.project_id, event=ref.event, day=ref.day, uuid=ref.uuid
        )
        if not rows or distinct_id not in (None, rows[0]["distinct_id"]):
            return None
        return to_event(rows[0])

    def trace(self, project_id: int, trace_id: str, *, limit: int = 1000) -> list[Event]:
        """The oldest `limit` events of one trace, oldest first, each uuid once."""
        if not trace_id:  # the column's value for events that belong to no trace
            return []
        rows = self._connection.query(TRACE, project_id=project_id, trace_id=trace_id, limit=limit)
        return [to_event(row) for row in rows]

    def recent_refs(
        self,
        project_id: int,
        event: str,
        *,
        since: datetime,
        until: datetime,
        any_of: Sequence[Filters] = (),
        limit: int,
    ) -> list[EventRef]:
        """Where the newest `limit` events of one kind are that pass one of the filters, newest first.

        The day is part of the sorting key, so days are read one by one from the newest until there are
        enough: what a busy project pays does not depend on how far back it may go.
        """
        condition = _any_of(any_of, now=until)
        found: list[EventRef] = []
        for day in _days_backwards(since, until):
            rows = self._connection.query(
                NEWEST_OF_A_DAY % condition.sql,
                project_id=project_id,
                event=event,
                day=day,
                since=since,
                until=until,
                limit=limit - len(found),
                **condition.parameters,
            )
            found += [EventRef(project_id=project_id, event=event, uuid=row["uuid"], day=day) for row in rows]
            if len(found) >= limit:
                break
        return found

    def ping(self) -> None:
        """Prove that the store answers."""
        self._connection.query("SELECT 1")

    def migrate(self) -> list[str]:
        """Apply the schema migrations that are still missing; returns their names."""
        return migrate(self._connection)

    def close(self) -> None:
        """Release the store."""
        self._connection.close()


def _any_of(conditions: Sequence[Filters], *, now: datetime) -> Condition:
    """The condition under which an event passes all filters of one of these; none let all pass."""
    made = [
        filter_condition(filters, now=now, prefix=f"condition_{number}")
        for number, filters in enumerate(conditions)
    ]
    parameters = {name: value for condition in made for name, value in condition.parameters.items()}
    return Condition(f"({' OR '.join(condition.sql for condition in made) or 'true'})", parameters)


def _days_backwards(since: datetime, until: datetime) -> Iterator[date]:
    """The UTC days that the span touches, the last one first."""
    day = utc_day(until)
    while day >= utc_day(since):
        yield day
        day -= timedelta(days=1)
