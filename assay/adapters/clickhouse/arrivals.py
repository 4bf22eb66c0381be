"""The diary of arrivals: generations in the order in which the store took them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from assay.adapters.clickhouse.connection import Connection
from assay.contracts.evaluation_batches import Arrival, Place

ARRIVAL_COLUMNS: Final = "uuid, timestamp, ingested_at, size"
"""What to select for an `Arrival`, from `arrivals` or `events`."""

AFTER: Final = """(ingested_at, UUIDToNum(uuid))
    > ({after:DateTime64(6, 'UTC')}, UUIDToNum({after_uuid:UUID}))"""
"""The condition that an arrival comes after a place, which is in the parameters `after` and `after_uuid`."""

IN_ORDER: Final = "ORDER BY ingested_at, UUIDToNum(uuid)"
"""The order of arrivals: that of `(ingested_at, uuid)` in Python."""

# The engine reads a range of the sorting key for a bound of `ingested_at`, but not for one of the pair.
ARRIVALS = f"""
SELECT {ARRIVAL_COLUMNS} FROM arrivals
WHERE project_id = {{project_id:UInt64}}
  AND ingested_at >= {{after:DateTime64(6, 'UTC')}}
  AND {AFTER}
{IN_ORDER}
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

_SPAN = """project_id = {project_id:UInt64}
  AND ingested_at >= {since:DateTime64(6, 'UTC')}
  AND ingested_at <= {up_to:DateTime64(6, 'UTC')}
  AND (ingested_at, UUIDToNum(uuid)) <= ({up_to:DateTime64(6, 'UTC')}, UUIDToNum({up_to_uuid:UUID}))"""

ARRIVALS_PER_SECOND = f"""
SELECT toUnixTimestamp(ingested_at) AS second, count() AS arrivals FROM arrivals
WHERE {_SPAN}
GROUP BY second
"""  # noqa: S608  (column names, no values)

ARRIVALS_IN = f"""
SELECT {ARRIVAL_COLUMNS} FROM arrivals
WHERE {_SPAN}
  AND toUnixTimestamp(ingested_at) IN {{seconds:Array(UInt32)}}
{IN_ORDER}
"""  # noqa: S608  (column names, no values)

LAST_ARRIVAL = """
SELECT ingested_at, uuid FROM arrivals
WHERE project_id = {project_id:UInt64}
ORDER BY ingested_at DESC, UUIDToNum(uuid) DESC
LIMIT 1
"""


class ArrivalReads:
    """The part of `assay.ports.EvaluationTargets` that follows what arrives."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def arrivals(self, project_id: int, *, after: Place, limit: int) -> list[Arrival]:
        """The first arrivals after a place, in order. One that was sent again arrives again."""
        rows = self._connection.query(
            ARRIVALS, project_id=project_id, after=after.ingested_at, after_uuid=after.uuid, limit=limit
        )
        return [Arrival(**row) for row in rows]

    def arrivals_per_second(self, project_id: int, *, since: datetime, up_to: Place) -> dict[int, int]:
        """Unix second of `ingested_at` → number of arrivals from `since` up to a place, inclusive both."""
        rows = self._connection.query(ARRIVALS_PER_SECOND, **_span(project_id, since, up_to))
        return {row["second"]: row["arrivals"] for row in rows}

    def arrivals_in(
        self, project_id: int, seconds: Collection[int], *, since: datetime, up_to: Place
    ) -> list[Arrival]:
        """The arrivals of some Unix seconds from `since` up to a place, inclusive both, in order."""
        if not seconds:
            return []
        rows = self._connection.query(ARRIVALS_IN, seconds=sorted(seconds), **_span(project_id, since, up_to))
        return [Arrival(**row) for row in rows]

    def last_arrival(self, project_id: int) -> Place | None:
        """The newest arrival of a project; None if there is none, or only ones that are no longer kept."""
        rows = self._connection.query(LAST_ARRIVAL, project_id=project_id)
        return Place(**rows[0]) if rows else None


def _span(project_id: int, since: datetime, up_to: Place) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "since": since,
        "up_to": up_to.ingested_at,
        "up_to_uuid": up_to.uuid,
    }
