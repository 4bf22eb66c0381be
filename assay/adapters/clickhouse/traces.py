"""`assay.ports.TraceReads` on ClickHouse.

Copies of an event are left out here, not by FINAL, which takes four times as long for the few events of a
trace. The price: an event that was sent again with another trace id is in both traces until its copies are
merged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from assay.adapters.clickhouse.addresses import address_in, address_parameters
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.rows import FIRST_INSTANT, LAST_INSTANT, SELECTED, to_event
from assay.contracts.event_names import CLUSTERS, SUMMARIES
from assay.contracts.events import Event, utc_day
from assay.contracts.traces import TraceState

# What an application did, not what Assay wrote about it: a summary must not change what is summarised.
_OF_TRACES = f"""project_id = {{project_id:UInt64}}
  AND startsWith(event, '$ai_') AND event NOT IN {(*SUMMARIES, *CLUSTERS)}"""

_IDENTITY = "event, toDate(timestamp), uuid"
_NEWEST_COPIES = f"ORDER BY ingested_at DESC LIMIT 1 BY {_IDENTITY}"

_MARK = "concat(toString(count()), '@', toString(toUnixTimestamp64Micro(max(newest))))"

STATE: Final = f"""
SELECT {_MARK} AS mark, count() AS found, countIf(inside) AS events, sumIf(bytes, inside) AS size
FROM (
    SELECT
        max(ingested_at) AS newest,
        argMax(size, ingested_at) AS bytes,
        argMax(timestamp, ingested_at) AS at,
        at >= {{since:DateTime64(6, 'UTC')}} AND at < {{until:DateTime64(6, 'UTC')}} AS inside
    FROM events
    WHERE {_OF_TRACES} AND trace_id = {{trace_id:String}}
    GROUP BY {_IDENTITY}
)
"""  # noqa: S608  (column names, no values)

MARKS: Final = f"""
SELECT trace_id, {_MARK} AS mark
FROM (
    SELECT trace_id, max(ingested_at) AS newest
    FROM events
    WHERE {_OF_TRACES} AND trace_id IN {{trace_ids:Array(String)}}
    GROUP BY trace_id, {_IDENTITY}
)
GROUP BY trace_id
"""  # noqa: S608  (column names, no values)

# Copies are of one day, so the span of time is cut to days before they are compared, and exactly afterwards.
EVENTS: Final = f"""
SELECT * FROM (
    SELECT {SELECTED} FROM events
    WHERE {_OF_TRACES}
      AND trace_id = {{trace_id:String}}
      AND toDate(timestamp) BETWEEN {{first_day:Date}} AND {{last_day:Date}}
    {_NEWEST_COPIES}
)
WHERE timestamp >= {{since:DateTime64(6, 'UTC')}} AND timestamp < {{until:DateTime64(6, 'UTC')}}
ORDER BY timestamp, uuid
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

# Every day of the span is named together with the uuid: that is what the sorting key can answer.
FIND: Final = f"""
SELECT {SELECTED} FROM events
WHERE project_id = {{project_id:UInt64}} AND event IN {{names:Array(String)}} AND {address_in("uuid")}
ORDER BY ingested_at DESC
LIMIT 1
"""  # noqa: S608  (column names, no values)


class ClickHouseTraces:
    """Reads traces; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def state(self, project_id: int, trace_id: str, *, since: datetime, until: datetime) -> TraceState | None:
        """What is known of a trace; None if there is none."""
        if not trace_id:  # the column's value for events that belong to no trace
            return None
        [row] = self._connection.query(
            STATE, project_id=project_id, trace_id=trace_id, since=_held(since), until=_held(until)
        )
        if not row["found"]:
            return None
        return TraceState(
            mark=row["mark"],
            events=row["events"],
            size=row["size"],
            is_whole=row["events"] == row["found"],
        )

    def marks(self, project_id: int, trace_ids: Sequence[str]) -> Mapping[str, str]:
        """The mark of each of these traces that there is."""
        asked = [trace_id for trace_id in trace_ids if trace_id]
        if not asked:
            return {}
        rows = self._connection.query(MARKS, project_id=project_id, trace_ids=asked)
        return {row["trace_id"]: row["mark"] for row in rows}

    def events(
        self, project_id: int, trace_id: str, *, since: datetime, until: datetime, limit: int
    ) -> list[Event]:
        """The oldest `limit` events of a trace in a span of time, oldest first."""
        if not trace_id:
            return []
        first, last = _held(since), _held(until)
        rows = self._connection.query(
            EVENTS,
            project_id=project_id,
            trace_id=trace_id,
            first_day=utc_day(first),
            last_day=utc_day(last),
            since=first,
            until=last,
            limit=limit,
        )
        return [to_event(row) for row in rows]

    def find(
        self, project_id: int, uuid: UUID, *, names: Collection[str], since: datetime, until: datetime
    ) -> Event | None:
        """The event with this uuid and one of these names that happened in a span of time, or None."""
        first, last = _held(since), _held(until)
        days = (
            utc_day(last) - timedelta(days=back) for back in range((utc_day(last) - utc_day(first)).days + 1)
        )
        for parameters in address_parameters((uuid, day) for day in days):
            rows = self._connection.query(FIND, project_id=project_id, names=list(names), **parameters)
            for row in rows:
                if first <= row["timestamp"] < last:
                    return to_event(row)
        return None


def _held(instant: datetime) -> datetime:
    """The instant, or the nearest one that the store can hold."""
    return min(max(instant, FIRST_INSTANT), LAST_INSTANT)
