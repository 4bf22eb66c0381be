"""`assay.ports.WindowCandidates` on ClickHouse: a few rows per stratum come back, however busy it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.filters import filter_condition
from assay.contracts.event_names import OWN
from assay.contracts.events import GENERATION, utc_day
from assay.contracts.summarization_windows import Candidate, Draw
from assay.domain.filters.predicates import Filters

_LOOK_BACK: Final = timedelta(days=1)
"""Before the window: events of a trace that began earlier than that do not count for its size."""

_LOOK_AHEAD: Final = timedelta(days=2)
"""After the window: a trace that goes on after so long a silence is summarised twice."""

LONGEST_ID: Final = 1_000
"""Characters: ids of traces are in histories."""

# What applications sent: verdicts and summaries come later, and must not move a trace to another window.
SENT = f"""project_id = {{project_id:UInt64}}
      AND startsWith(event, '$ai_')
      AND event NOT IN {OWN}"""

IN_WINDOW: Final = "{since:DateTime64(6, 'UTC')} <= timestamp AND timestamp < {until:DateTime64(6, 'UTC')}"

_STRATUM = """id, at AS timestamp, toUInt8(floor(log2(greatest(size, 1)))) AS stratum,
    count() OVER (PARTITION BY stratum) AS of_stratum"""

_BY_LOT = """ORDER BY stratum, sipHash64({lot:String}, id), id
LIMIT {per_stratum:UInt64} BY stratum"""

# Inside out: traces with an event in the window; all their events, each in its last copy; the traces whose
# last event is in the window. Copies lie on the same day under the same uuid; FINAL would read long values.
TRACES: Final = f"""
SELECT {_STRATUM} FROM (
    SELECT trace AS id, max(happened) AS at, count() AS size
    FROM (
        SELECT
            argMax(trace_id, ingested_at) AS trace,
            argMax(timestamp, ingested_at) AS happened,
            argMax(%s, ingested_at) AS passes
        FROM events
        WHERE {SENT}
          AND toDate(timestamp) BETWEEN {{first_day:Date}} AND {{last_day:Date}}
          AND trace_id IN (
            SELECT trace_id FROM events
            WHERE {SENT}
              AND toDate(timestamp) BETWEEN {{since_day:Date}} AND {{until_day:Date}}
              AND {IN_WINDOW}
              AND trace_id != '' AND lengthUTF8(trace_id) <= {LONGEST_ID}
          )
        GROUP BY event, toDate(timestamp), uuid
    )
    GROUP BY trace
    HAVING max(passes) AND {{since:DateTime64(6, 'UTC')}} <= at AND at < {{until:DateTime64(6, 'UTC')}}
)
{_BY_LOT}
"""  # noqa: S608  (column names, no values)

# Tokens are text or numbers, as the client sent them.
_TOKENS = "toFloat64OrNull(toString(properties.`$ai_input_tokens`))"
_SIZE = f"if(isFinite({_TOKENS}) AND {_TOKENS} > 1, least({_TOKENS}, 1e18), 1)"

GENERATIONS: Final = f"""
SELECT {_STRATUM} FROM (
    SELECT toString(uuid) AS id, at, size
    FROM (
        SELECT
            uuid,
            argMax(trace_id, ingested_at) AS trace,
            argMax(timestamp, ingested_at) AS at,
            argMax(assumeNotNull({_SIZE}), ingested_at) AS size,
            argMax(%s, ingested_at) AS passes
        FROM events
        WHERE project_id = {{project_id:UInt64}}
          AND event = {{event:String}}
          AND toDate(timestamp) BETWEEN {{since_day:Date}} AND {{until_day:Date}}
        GROUP BY toDate(timestamp), uuid
    )
    WHERE passes AND {{since:DateTime64(6, 'UTC')}} <= at AND at < {{until:DateTime64(6, 'UTC')}}
    ORDER BY at DESC, UUIDToNum(uuid) DESC
    LIMIT 1 BY if(trace = '', toString(uuid), trace)
)
{_BY_LOT}
"""  # noqa: S608  (column names, no values)


class ClickHouseWindowCandidates:
    """Draws candidates; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.

    Args:
        connection: of the event store, which closes it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def traces(self, project_id: int, filters: Filters, draw: Draw) -> list[Candidate]:
        """Traces whose last event of all is in the window, if one of their events passes the filters."""
        first, last = utc_day(draw.since - _LOOK_BACK), utc_day(draw.until + _LOOK_AHEAD)
        return self._drawn(TRACES, project_id, filters, draw, first_day=first, last_day=last)

    def generations(self, project_id: int, filters: Filters, draw: Draw) -> list[Candidate]:
        """Generations in the window that pass the filters: of a trace the last, and all without a trace."""
        return self._drawn(GENERATIONS, project_id, filters, draw, event=GENERATION)

    def _drawn(
        self, sql: str, project_id: int, filters: Filters, draw: Draw, **parameters: Any
    ) -> list[Candidate]:
        condition = filter_condition(filters, now=draw.until)
        rows = self._connection.query(
            sql % condition.sql,
            project_id=project_id,
            since=draw.since,
            until=draw.until,
            since_day=utc_day(draw.since),
            until_day=utc_day(draw.until),
            lot=draw.lot,
            per_stratum=draw.per_stratum,
            **parameters,
            **condition.parameters,
        )
        return [Candidate(**row) for row in rows]
