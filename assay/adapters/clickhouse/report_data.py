"""What reports read: verdicts by their arrival, from the table `verdict_arrivals`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.rows import FIRST_INSTANT, LAST_INSTANT
from assay.adapters.clickhouse.verdict_arrivals import ArrivalRepairs
from assay.contracts.report_data import Bucket, ReportedResult, Window

_OF_EVALUATION: Final = """copy.project_id = {project_id:UInt64}
    AND copy.evaluation_id = {evaluation_id:UUID}
    AND copy.outcome != ''"""

_IN_WINDOW: Final = f"""{_OF_EVALUATION}
    AND copy.ingested_at >= {{since:DateTime64(6, 'UTC')}}
    AND copy.ingested_at < {{until:DateTime64(6, 'UTC')}}"""

# Of the copies of a verdict the first one counts, in the window in which it arrived. Copies are of one day,
# so only the days of the window's verdicts are looked through for earlier ones. argMin passes over NULL,
# unless it is in a tuple. Columns that the outer query does not use cost nothing.
_RESULTS: Final = f"""
  SELECT
    copy.uuid AS uuid,
    min(copy.ingested_at) AS arrived_at,
    toString(argMin(copy.outcome, copy.ingested_at)) AS outcome,
    argMin(tuple(copy.score), copy.ingested_at).1 AS score
  FROM verdict_arrivals AS copy
  WHERE {_OF_EVALUATION}
    AND copy.ingested_at < {{until:DateTime64(6, 'UTC')}}
    AND toDate(copy.timestamp) IN (
      SELECT toDate(copy.timestamp) FROM verdict_arrivals AS copy WHERE {_IN_WINDOW}
    )
  GROUP BY copy.uuid
  HAVING arrived_at >= {{since:DateTime64(6, 'UTC')}}
"""  # noqa: S608  (column names, no values)

COUNT: Final = f"SELECT count() AS results FROM ({_RESULTS})"  # noqa: S608  (as above)

OUTCOMES: Final = f"SELECT outcome, count() AS results FROM ({_RESULTS}) GROUP BY outcome"  # noqa: S608

BUCKETS: Final = f"""
SELECT %s(arrived_at) AS start, outcome, count() AS results FROM ({_RESULTS})
GROUP BY start, outcome
ORDER BY start
"""  # noqa: S608  (column names, no values)

_START_OF: Final = {"hour": "toStartOfHour", "day": "toStartOfDay"}

# Long values are read of the chosen copies alone, by the sorting key. A copy may lie in two parts until they
# are merged.
_AT_PLACES: Final = f"""
FROM verdict_arrivals AS copy
WHERE {_IN_WINDOW}
  AND (copy.ingested_at, UUIDToNum(copy.uuid)) IN (
    SELECT arrived_at, UUIDToNum(uuid) FROM ({_RESULTS})
    WHERE {{outcome:String}} IN ('', outcome)
    %s
  )
"""  # noqa: S608  (column names, no values)

REASONS: Final = f"""
SELECT reasoning, uniqExact(copy.uuid) AS results
{_AT_PLACES % ""}
  AND reasoning != ''
GROUP BY reasoning
ORDER BY results DESC, reasoning
LIMIT {{limit:UInt64}}
"""

_SHOWN: Final = "uuid, ingested_at, timestamp, outcome, score, reasoning, target_id, trace_id, session_id"


def _some(order: str) -> str:
    """The query for `results` in an order; `arrived_at` stands for the time of the arrival."""
    in_order = f"ORDER BY {order}"
    return f"""
SELECT {_SHOWN}, ingested_at AS arrived_at
{_AT_PLACES % f"{in_order} LIMIT {{limit:UInt64}}"}
{in_order}
LIMIT 1 BY copy.uuid
"""


_RECENT: Final = "arrived_at DESC, UUIDToNum(uuid) DESC"

SOME: Final = {
    "recent": _some(_RECENT),
    "random": _some("cityHash64(uuid), uuid"),
    "score": _some(f"score DESC NULLS LAST, {_RECENT}"),
}

NTH_LAST_COPY: Final = f"""
SELECT ingested_at FROM verdict_arrivals AS copy
WHERE {_OF_EVALUATION}
ORDER BY ingested_at DESC
LIMIT 1 OFFSET {{n:UInt64}} - 1
"""  # noqa: S608  (column names, no values)

NTH_LAST: Final = f"""
SELECT arrived_at FROM ({_RESULTS})
ORDER BY arrived_at DESC
LIMIT 1 OFFSET {{n:UInt64}} - 1
"""  # noqa: S608  (column names, no values)

_OPPOSITE: Final = {"pass": "fail", "fail": "pass"}


class ClickHouseReportData(ArrivalRepairs):
    """`assay.ports.ReportData` and `VerdictArrivals` in the event store; safe to use from any thread.

    However often a verdict is written, it belongs to the window of its first arrival and counts as it was
    written then, so what a window holds never changes once its last insert has ended. Copies of a verdict
    have one UTC day, as everywhere in the store: a uuid on two days is two events, and may count twice.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.

    Args:
        connection: of the event store, which closes it.
    """

    def count(self, window: Window) -> int:
        """How many results arrived."""
        [row] = self._connection.query(COUNT, **_parameters(window))
        count: int = row["results"]
        return count

    def outcome_counts(self, window: Window, *, true_is_failure: bool) -> dict[str, int]:
        """Outcome → results; only those that occur."""
        rows = self._connection.query(OUTCOMES, **_parameters(window))
        return {_read(row["outcome"], true_is_failure): row["results"] for row in rows}

    def buckets(self, window: Window, *, by: str, true_is_failure: bool) -> list[Bucket]:
        """Outcomes over time, oldest first; hours or days without results are left out.

        Args:
            by: `hour` or `day` (UTC).

        Raises:
            ValueError: `by` is neither.
        """
        if by not in _START_OF:
            raise ValueError(f"Results are counted by hour or day, not by {by}.")
        counts: dict[datetime, dict[str, int]] = {}
        for row in self._connection.query(BUCKETS % _START_OF[by], **_parameters(window)):
            outcomes = counts.setdefault(row["start"], {})
            outcomes[_read(row["outcome"], true_is_failure)] = row["results"]
        return [Bucket(start=start, counts=outcomes) for start, outcomes in counts.items()]

    def results(
        self,
        window: Window,
        *,
        true_is_failure: bool,
        outcome: str | None = None,
        order: str = "recent",
        limit: int,
    ) -> list[ReportedResult]:
        """Some results.

        Args:
            outcome: only of this one.
            order: `recent` (newest arrival first), `random` (the same for the same window) or `score`
                (highest first, those without one last).
            limit: the most.

        Raises:
            ValueError: there is no such order.
        """
        if order not in SOME:
            raise ValueError(f"Results come in the order {', '.join(SOME)}, not {order}.")
        rows = self._connection.query(
            SOME[order],
            outcome=_read(outcome or "", true_is_failure),
            limit=limit,
            **_parameters(window),
        )
        return [_to_result(row, true_is_failure) for row in rows]

    def reasons(
        self, window: Window, *, true_is_failure: bool, outcome: str, limit: int
    ) -> list[tuple[str, int]]:
        """The most frequent reasonings of an outcome, with how often; results without one are left out."""
        rows = self._connection.query(
            REASONS, outcome=_read(outcome, true_is_failure), limit=limit, **_parameters(window)
        )
        return [(row["reasoning"], row["results"]) for row in rows]

    def nth_last_arrival(self, project_id: int, evaluation_id: UUID, n: int) -> datetime | None:
        """When the n-th last result arrived; None if there are fewer.

        The last n copies are found from the end of the sorting key. Where some of them are of one verdict, it
        goes back twice as far.

        Args:
            n: 1 for the last one.
        """
        of = {"project_id": project_id, "evaluation_id": evaluation_id}
        copies = n
        since = self._nth_last_copy(copies, of)
        if since is None:
            return None
        while True:
            found = self._connection.query(
                NTH_LAST, n=n, since=since or FIRST_INSTANT, until=LAST_INSTANT, **of
            )
            if found or since is None:
                return found[0]["arrived_at"] if found else None
            copies *= 2
            since = self._nth_last_copy(copies, of)

    def _nth_last_copy(self, n: int, of: dict[str, Any]) -> datetime | None:
        rows = self._connection.query(NTH_LAST_COPY, n=n, **of)
        return rows[0]["ingested_at"] if rows else None


def _read(outcome: str, true_is_failure: bool) -> str:
    """What a stored outcome means to a reader, and the other way round."""
    return _OPPOSITE.get(outcome, outcome) if true_is_failure else outcome


def _parameters(window: Window) -> dict[str, Any]:
    return {
        "project_id": window.project_id,
        "evaluation_id": window.evaluation_id,
        "since": window.since,
        "until": window.until,
    }


def _to_result(row: dict[str, Any], true_is_failure: bool) -> ReportedResult:
    return ReportedResult(
        verdict_id=row["uuid"],
        outcome=_read(row["outcome"], true_is_failure),
        reasoning=row["reasoning"],
        generation_id=row["target_id"],
        trace_id=row["trace_id"],
        session_id=row["session_id"],
        timestamp=row["timestamp"],
        ingested_at=row["ingested_at"],
        score=row["score"],
    )
