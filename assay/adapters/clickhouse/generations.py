"""Generations, and which events there are, straight from the `events` table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.addresses import address_in, address_parameters
from assay.adapters.clickhouse.arrivals import AFTER, ARRIVAL_COLUMNS, IN_ORDER
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.properties import LONG_VALUES, SHARED_COLUMN, from_columns
from assay.adapters.clickhouse.rows import SELECTED, to_event
from assay.contracts.evaluation_batches import Arrival, Place
from assay.contracts.events import GENERATION, Event, EventRef, utc_day

_OF_KIND = "project_id = {project_id:UInt64} AND event = {event:String}"

STORED = f"""
SELECT {ARRIVAL_COLUMNS} FROM events FINAL
WHERE {_OF_KIND}
  AND ingested_at >= {{after:DateTime64(6, 'UTC')}}
  AND ingested_at < {{until:DateTime64(6, 'UTC')}}
  AND {AFTER}
{IN_ORDER}
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

HISTORY_OF_A_DAY = f"""
SELECT {ARRIVAL_COLUMNS} FROM events FINAL
WHERE {_OF_KIND}
  AND toDate(timestamp) = {{day:Date}}
  AND timestamp >= {{since:DateTime64(6, 'UTC')}}
  AND (timestamp, UUIDToNum(uuid)) < ({{before:DateTime64(6, 'UTC')}}, UUIDToNum({{before_uuid:UUID}}))
ORDER BY timestamp DESC, UUIDToNum(uuid) DESC
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

# Read from the end of the sorting key, so it costs a granule of each part.
DAY_BEFORE = f"""
SELECT toDate(timestamp) AS day FROM events
WHERE {_OF_KIND}
  AND toDate(timestamp) >= {{first_day:Date}}
  AND toDate(timestamp) < {{day:Date}}
ORDER BY toDate(timestamp) DESC
LIMIT 1
"""  # noqa: S608  (column names, no values)

COUNT_HISTORY = f"""
SELECT count() AS generations FROM events FINAL
WHERE {_OF_KIND}
  AND timestamp >= {{since:DateTime64(6, 'UTC')}}
  AND timestamp < {{until:DateTime64(6, 'UTC')}}
"""  # noqa: S608  (column names, no values)

_AT_ADDRESSES = f"FROM events FINAL WHERE {_OF_KIND} AND {address_in('uuid')}"

EVENTS = f"SELECT {SELECTED} {_AT_ADDRESSES}"

RECORDED = f"SELECT DISTINCT uuid FROM events WHERE {_OF_KIND} AND {address_in('uuid')}"  # noqa: S608

_FIRST_UUID: Final = UUID(int=0)


class GenerationReads:
    """The part of `assay.ports.EvaluationTargets` that reads events."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stored(self, project_id: int, *, after: Place, until: datetime, limit: int) -> list[Arrival]:
        """Generations by when the store took them, from the events themselves: slow, and complete.

        Each uuid of a day comes once, as it was sent last.

        Args:
            until: exclusive.
        """
        rows = self._connection.query(
            STORED,
            project_id=project_id,
            event=GENERATION,
            after=after.ingested_at,
            after_uuid=after.uuid,
            until=until,
            limit=limit,
        )
        return [Arrival(**row) for row in rows]

    def history(
        self,
        project_id: int,
        *,
        since: datetime,
        until: datetime,
        before: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[Arrival]:
        """Generations of a window of timestamps, newest first (by timestamp, then uuid), each uuid once.

        Days are read one by one from the newest, and those without generations are passed by, until the page
        is full.

        Args:
            since, until: the window; half-open.
            before: only what comes after this one in that order.
        """
        bound = min(before or (until, _FIRST_UUID), (until, _FIRST_UUID))
        day: date | None = utc_day(bound[0])
        found: list[Arrival] = []
        while day is not None:
            rows = self._connection.query(
                HISTORY_OF_A_DAY,
                project_id=project_id,
                event=GENERATION,
                day=day,
                since=since,
                before=bound[0],
                before_uuid=bound[1],
                limit=limit - len(found),
            )
            found += [Arrival(**row) for row in rows]
            if len(found) >= limit:
                break
            day = self._day_before(project_id, day, first_day=utc_day(since))
        return found

    def count_history(self, project_id: int, *, since: datetime, until: datetime) -> int:
        """How many generations `history` would return in all."""
        [row] = self._connection.query(
            COUNT_HISTORY, project_id=project_id, event=GENERATION, since=since, until=until
        )
        count: int = row["generations"]
        return count

    def properties(
        self, project_id: int, targets: Sequence[Arrival], *, long_values: Collection[str]
    ) -> Mapping[UUID, dict[str, Any]]:
        """Properties of generations, by uuid; those that are gone are missing.

        Args:
            long_values: which of the long properties (`$ai_input` …) to read besides all others.
        """
        columns = [SHARED_COLUMN, *(column for key, column in LONG_VALUES.items() if key in long_values)]
        sql = f"SELECT uuid, {', '.join(columns)} {_AT_ADDRESSES}"
        return {
            row["uuid"]: from_columns(row)
            for parameters in address_parameters((target.uuid, target.day) for target in targets)
            for row in self._connection.query(sql, project_id=project_id, event=GENERATION, **parameters)
        }

    def events(self, project_id: int, targets: Sequence[tuple[UUID, date]]) -> dict[UUID, Event]:
        """Generations in full, by uuid; those that are gone are missing."""
        return {
            row["uuid"]: to_event(row)
            for parameters in address_parameters(targets)
            for row in self._connection.query(EVENTS, project_id=project_id, event=GENERATION, **parameters)
        }

    def recorded(self, refs: Sequence[EventRef]) -> set[UUID]:
        """Which of these events are stored. The ledger is asked this way.

        Raises:
            ValueError: they are not all of one project and name.
        """
        if not refs:
            return set()
        [(project_id, event)] = {(ref.project_id, ref.event) for ref in refs}
        return {
            row["uuid"]
            for parameters in address_parameters((ref.uuid, ref.day) for ref in refs)
            for row in self._connection.query(RECORDED, project_id=project_id, event=event, **parameters)
        }

    def _day_before(self, project_id: int, day: date, *, first_day: date) -> date | None:
        """The newest day before this one that has generations."""
        rows = self._connection.query(
            DAY_BEFORE, project_id=project_id, event=GENERATION, first_day=first_day, day=day
        )
        return rows[0]["day"] if rows else None
