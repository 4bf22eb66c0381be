"""Which items a clustering run looks at: those with the smallest hashes of their ids.

An item's hash depends on it and on who draws, on nothing else. So the next run draws the same items again,
apart from those that have left its window and those whose place a newcomer with a smaller hash takes. Samples
of summaries are drawn by the same hash: what is summarised first is drawn first.

Two reads: one finds how many items there are and the greatest hash of the sample, from hashes alone; the
other reads the few items below it. However busy a project was, numbers of eight bytes are all that is held
for each of its items.
"""

from __future__ import annotations

from typing import Any, Final

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.filters import filter_condition
from assay.adapters.clickhouse.window_candidates import IN_WINDOW, LONGEST_ID, SENT
from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import ClusteringItem, ItemsDrawn
from assay.contracts.event_names import EVALUATION, GENERATION
from assay.contracts.events import utc_day
from assay.domain.filters.predicates import Filters

_IN_DAYS: Final = "toDate(timestamp) BETWEEN {since_day:Date} AND {until_day:Date}"
_AT_IN_WINDOW: Final = IN_WINDOW.replace("timestamp", "at")
_OF_KIND: Final = "project_id = {project_id:UInt64} AND event = {event:String}"

_LOT_OF_TRACE: Final = "sipHash64({lot:String}, trace_id)"
_LOT_OF_EVENT: Final = "sipHash64({lot:String}, toString(uuid))"

_IS_TRACE: Final = f"{SENT} AND trace_id != '' AND lengthUTF8(trace_id) <= {LONGEST_ID}"


def _bound(lot: str, of_level: str) -> str:
    """The query for how many items there are, and the greatest hash that is drawn."""
    return f"""
SELECT
    count() AS found,
    arrayPartialSort({{limit:UInt64}}, groupArray(lot))[least({{limit:UInt64}}, found)] AS bound
FROM (
    SELECT {lot} AS lot FROM events
    WHERE {of_level} AND {_IN_DAYS} AND {IN_WINDOW} AND %s
    GROUP BY lot
)
"""  # noqa: S608  (column names, no values)


TRACES_BOUND: Final = _bound(_LOT_OF_TRACE, _IS_TRACE)
EVENTS_BOUND: Final = _bound(_LOT_OF_EVENT, _OF_KIND)

# Of copies the last one counts. They lie on the same day under the same uuid.
TRACES: Final = f"""
SELECT
    id,
    id AS trace_id,
    if(countIf(name = '{GENERATION}') = 0, '',
       toString(argMaxIf(uuid, (at, UUIDToNum(uuid)), name = '{GENERATION}'))) AS generation_id,
    max(at) AS timestamp
FROM (
    SELECT
        toString(event) AS name,
        uuid,
        argMax(trace_id, ingested_at) AS id,
        argMax(timestamp, ingested_at) AS at,
        argMax(%s, ingested_at) AS passes
    FROM events
    WHERE {_IS_TRACE} AND {_IN_DAYS} AND {_LOT_OF_TRACE} <= {{bound:UInt64}}
    GROUP BY event, toDate(timestamp), uuid
)
WHERE {_AT_IN_WINDOW}
GROUP BY id
HAVING max(passes)
ORDER BY sipHash64({{lot:String}}, id), id
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)


def _events(generation_id: str) -> str:
    """The query for events of one name; `generation_id` is an expression over `uuid` and `target`."""
    return f"""
SELECT id, trace AS trace_id, {generation_id} AS generation_id, at AS timestamp
FROM (
    SELECT
        uuid,
        toString(uuid) AS id,
        argMax(trace_id, ingested_at) AS trace,
        argMax(target_id, ingested_at) AS target,
        argMax(timestamp, ingested_at) AS at,
        argMax(%s, ingested_at) AS passes
    FROM events
    WHERE {_OF_KIND} AND {_IN_DAYS} AND {_LOT_OF_EVENT} <= {{bound:UInt64}}
    GROUP BY toDate(timestamp), uuid
)
WHERE passes AND {_AT_IN_WINDOW}
ORDER BY sipHash64({{lot:String}}, id), id, at DESC
LIMIT 1 BY id
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)


GENERATIONS: Final = _events("id")
# What is judged may be something else than an event.
VERDICTS: Final = _events("if(isNull(toUUIDOrNull(target)), '', lower(target))")

NOT_SKIPPED: Final = "ifNull(toString(properties.`$ai_evaluation_skipped`), '') != 'true'"

_QUERIES: Final = {
    AnalysisLevel.TRACE: (TRACES_BOUND, TRACES),
    AnalysisLevel.GENERATION: (EVENTS_BOUND, GENERATIONS),
    AnalysisLevel.EVALUATION: (EVENTS_BOUND, VERDICTS),
}
_NAMES: Final = {AnalysisLevel.GENERATION: GENERATION, AnalysisLevel.EVALUATION: EVALUATION}


class ClusteringDraws:
    """The part of `assay.ports.ClusteringSources` that draws items."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def draw(
        self, project_id: int, level: AnalysisLevel, filters: Filters, drawn: ItemsDrawn
    ) -> tuple[int, list[ClusteringItem]]:
        """How many items there are, and the sample, without texts, in the order of its hash.

        A trace is in a window in which it has events, and passes the filters if one of those does; its time
        and its generation are those of the last ones there. Verdicts that say nothing, since their target
        was skipped, are no items.
        """
        condition = filter_condition(filters, now=drawn.until)
        passes = condition.sql
        if level is AnalysisLevel.EVALUATION:
            passes = f"({passes} AND {NOT_SKIPPED})"
        parameters: dict[str, Any] = {
            "project_id": project_id,
            "event": _NAMES.get(level, ""),
            "since": drawn.since,
            "until": drawn.until,
            "since_day": utc_day(drawn.since),
            "until_day": utc_day(drawn.until),
            "lot": drawn.lot,
            "limit": drawn.limit,
            **condition.parameters,
        }
        bound, items = _QUERIES[level]
        [found] = self._connection.query(bound % passes, **parameters)
        if not found["found"]:
            return 0, []
        rows = self._connection.query(items % passes, bound=found["bound"], **parameters)
        return found["found"], [ClusteringItem(**row) for row in rows]
