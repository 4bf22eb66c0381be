"""`assay.ports.GenerationInputs` on ClickHouse.

Inputs are the longest values that there are, so every read first finds which ones it needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import batched
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.addresses import address_in, address_parameters
from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.filters import Condition, filter_condition
from assay.adapters.clickhouse.generations import DAY_BEFORE
from assay.adapters.clickhouse.rows import FIRST_INSTANT, LAST_INSTANT
from assay.contracts.events import GENERATION, utc_day
from assay.contracts.sentiment import GenerationInput, LatestGeneration
from assay.domain.filters.predicates import Filters

MOST_CHARACTERS: Final = 1_000_000
"""Of an input that is told of a trace; one that is longer could not be classified either."""

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of all inputs that are told at once; the newest ones have their turn first."""

_LONGEST_ID: Final = 1_000
_IDS_PER_QUERY: Final = 50
"""A server takes no parameter of more than 128 KiB."""

_OF_KIND: Final = "project_id = {project_id:UInt64} AND event = {event:String}"
_IN_DAYS: Final = "toDate(timestamp) BETWEEN {first_day:Date} AND {last_day:Date}"
_IN_SPAN: Final = "timestamp >= {since:DateTime64(6, 'UTC')} AND timestamp < {until:DateTime64(6, 'UTC')}"
_SHORT_ENOUGH: Final = "lengthUTF8(ai_input) <= {longest:UInt64}"

CANDIDATES: Final = f"""
SELECT toDate(timestamp), uuid FROM events
WHERE {_OF_KIND} AND trace_id IN {{trace_ids:Array(String)}} AND {_IN_DAYS}
"""  # noqa: S608  (column names, no values)
"""Generations any copy of which is in one of the traces."""

# Of copies the last one counts, also where it names another trace. The others are left out here, and not by
# FINAL, which takes four times as long for a trace.
OF_TRACES: Final = f"""
SELECT trace, uuid, at FROM (
    SELECT
        uuid,
        argMax(trace_id, ingested_at) AS trace,
        argMax(timestamp, ingested_at) AS at,
        argMax({_SHORT_ENOUGH}, ingested_at) AS is_short
    FROM events
    WHERE {_OF_KIND} AND {_IN_DAYS} AND (toDate(timestamp), uuid) IN ({CANDIDATES})
    GROUP BY toDate(timestamp), uuid
)
WHERE trace IN {{trace_ids:Array(String)}} AND is_short AND {_IN_SPAN.replace("timestamp", "at")}
ORDER BY at DESC, UUIDToNum(uuid) DESC
LIMIT {{limit:UInt64}} BY trace
"""  # noqa: S608  (column names, no values)

# The sorting key answers it: within a day, events of a kind lie by their uuids.
OF_GENERATIONS: Final = f"""
SELECT uuid, ai_input FROM events FINAL
WHERE {_OF_KIND} AND uuid IN {{uuids:Array(UUID)}} AND {_IN_DAYS} AND {_IN_SPAN} AND {_SHORT_ENOUGH}
ORDER BY timestamp DESC
LIMIT 1 BY uuid
"""  # noqa: S608  (column names, no values)

_PASSING: Final = f"""{_OF_KIND} AND {_IN_DAYS} AND {_IN_SPAN}
  AND trace_id != '' AND lengthUTF8(trace_id) <= {_LONGEST_ID} AND %s"""

NEWEST_TRACES: Final = f"""
SELECT trace_id FROM events FINAL
WHERE {_PASSING}
GROUP BY trace_id
ORDER BY max(timestamp) DESC, trace_id DESC
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

_PLACE: Final = "(timestamp, UUIDToNum(uuid))"

LATEST: Final = f"""
SELECT
    trace_id,
    argMax(uuid, {_PLACE}) AS newest,
    nullIf(argMax(toString(model), {_PLACE}), '') AS model_name,
    argMax(distinct_id, {_PLACE}) AS person,
    max(timestamp) AS last_at,
    min(timestamp) AS first_at
FROM events FINAL
WHERE trace_id IN {{trace_ids:Array(String)}} AND {_PASSING}
GROUP BY trace_id
"""  # noqa: S608  (column names, no values)

_AT_ADDRESSES: Final = f"FROM events FINAL WHERE {_OF_KIND} AND {address_in('uuid')}"
SIZES: Final = f"SELECT uuid, length(ai_input) AS bytes, lengthUTF8(ai_input) AS characters {_AT_ADDRESSES}"
INPUTS: Final = f"SELECT uuid, ai_input {_AT_ADDRESSES}"

type _Address = tuple[UUID, date]


class ClickHouseGenerationInputs:
    """Reads inputs; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.

    Args:
        connection: of the event store, which closes it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_traces(
        self,
        project_id: int,
        trace_ids: Sequence[str],
        *,
        since: datetime,
        until: datetime,
        limit: int,
        longest: int,
    ) -> Mapping[str, Sequence[GenerationInput]]:
        """The newest `limit` generations of each trace, newest first; traces without any are missing.

        Args:
            longest: characters; generations with longer inputs do not count.
        """
        asked = [trace_id for trace_id in trace_ids if trace_id]
        if not asked:
            return {}
        rows = self._query(
            OF_TRACES,
            project_id,
            trace_ids=asked,
            limit=limit,
            longest=longest,
            **_span(since, until),
        )
        inputs = self._inputs(project_id, [(row["uuid"], utc_day(row["at"])) for row in rows])
        found: dict[str, list[GenerationInput]] = defaultdict(list)
        for row in rows:
            found[row["trace"]].append(GenerationInput(row["uuid"], inputs.get(row["uuid"], "")))
        return found

    def of_generations(
        self, project_id: int, uuids: Sequence[UUID], *, since: datetime, until: datetime, longest: int
    ) -> Mapping[UUID, GenerationInput]:
        """Those of these generations that there are.

        Args:
            longest: characters; a generation with a longer input counts as not there.
        """
        if not uuids:
            return {}
        rows = self._query(
            OF_GENERATIONS, project_id, uuids=list(uuids), longest=longest, **_span(since, until)
        )
        return {row["uuid"]: GenerationInput(row["uuid"], row["ai_input"]) for row in rows}

    def latest(
        self,
        project_id: int,
        filters: Filters,
        *,
        since: datetime | None,
        until: datetime | None,
        now: datetime,
        limit: int,
    ) -> Sequence[LatestGeneration]:
        """The newest generations that pass the filters, of each trace one, newest first (then by trace id).

        Generations without a trace, or with a trace id of more than 1,000 characters, do not count.

        Args:
            since, until: None: unbounded.
            now: what relative dates in the filters count from.
            limit: the most.
        """
        passes = filter_condition(filters, now=now)
        first, last = since or FIRST_INSTANT, until or LAST_INSTANT
        trace_ids = self._newest_traces(project_id, passes, first, last, limit)
        rows = [
            row
            for some in batched(trace_ids, _IDS_PER_QUERY)
            for row in self._query(
                LATEST % passes.sql,
                project_id,
                trace_ids=list(some),
                **_span(first, last),
                **passes.parameters,
            )
        ]
        rows.sort(key=lambda row: (row["last_at"], row["trace_id"]), reverse=True)
        inputs = self._inputs_within_bounds(
            project_id, [(row["newest"], utc_day(row["last_at"])) for row in rows]
        )
        return [_latest(row, inputs) for row in rows]

    def _newest_traces(
        self, project_id: int, passes: Condition, since: datetime, until: datetime, limit: int
    ) -> list[str]:
        """Traces by their newest generations that pass, newest first.

        Pieces of time are read from the newest, each twice as long as the one before it, until there are
        enough: what a busy project pays does not depend on how old its oldest events are.
        """
        found: dict[str, None] = {}
        days = 1
        last_day = self._newest_day(project_id, since, utc_day(_held(until)) + timedelta(days=1))
        while last_day is not None and len(found) < limit:
            first_day = max(last_day - timedelta(days=days - 1), utc_day(_held(since)))
            rows = self._query(
                NEWEST_TRACES % passes.sql,
                project_id,
                # As many as are known already may be among them.
                limit=limit + len(found),
                **(_span(since, until) | {"first_day": first_day, "last_day": last_day}),
                **passes.parameters,
            )
            found |= dict.fromkeys(row["trace_id"] for row in rows if row["trace_id"] not in found)
            last_day = self._newest_day(project_id, since, first_day)
            days *= 2
        return list(found)[:limit]

    def _newest_day(self, project_id: int, since: datetime, before: date) -> date | None:
        """The newest day before this one that has generations."""
        rows = self._query(DAY_BEFORE, project_id, first_day=utc_day(_held(since)), day=before)
        return rows[0]["day"] if rows else None

    def _inputs_within_bounds(self, project_id: int, addresses: Sequence[_Address]) -> Mapping[UUID, str]:
        sizes = {row["uuid"]: row for row in self._at(SIZES, project_id, addresses)}
        chosen, room = [], MOST_BYTES
        for uuid, day in addresses:
            size = sizes.get(uuid)
            if size is None or not 0 < size["characters"] <= MOST_CHARACTERS or size["bytes"] > room:
                continue
            room -= size["bytes"]
            chosen.append((uuid, day))
        return self._inputs(project_id, chosen)

    def _inputs(self, project_id: int, addresses: Sequence[_Address]) -> Mapping[UUID, str]:
        return {row["uuid"]: row["ai_input"] for row in self._at(INPUTS, project_id, addresses)}

    def _at(self, sql: str, project_id: int, addresses: Iterable[_Address]) -> Iterator[dict[str, Any]]:
        for parameters in address_parameters(addresses):
            yield from self._query(sql, project_id, **parameters)

    def _query(self, sql: str, project_id: int, **parameters: Any) -> list[dict[str, Any]]:
        return self._connection.query(sql, project_id=project_id, event=GENERATION, **parameters)


def _latest(row: Mapping[str, Any], inputs: Mapping[UUID, str]) -> LatestGeneration:
    return LatestGeneration(
        uuid=row["newest"],
        trace_id=row["trace_id"],
        input=inputs.get(row["newest"]),
        model=row["model_name"],
        distinct_id=row["person"],
        last_at=row["last_at"],
        first_at=row["first_at"],
    )


def _span(since: datetime, until: datetime) -> dict[str, Any]:
    """The parameters of a span of time, cut to what the store can hold."""
    first, last = _held(since), _held(until)
    return {"since": first, "until": last, "first_day": utc_day(first), "last_day": utc_day(last)}


def _held(instant: datetime) -> datetime:
    return min(max(instant, FIRST_INSTANT), LAST_INSTANT)
