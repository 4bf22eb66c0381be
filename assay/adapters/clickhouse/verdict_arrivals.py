"""The diary of verdicts, made whole again: arrivals of verdicts that a process took with it when it died."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from assay.adapters.clickhouse.connection import Connection
from assay.contracts.events import EVALUATION

ARRIVALS_AT_ONCE: Final = 100_000
"""So many are compared with their verdicts in one query (or those of a minute): some 10 MB of uuids."""

_ARRIVED: Final = """ingested_at >= {since:DateTime64(6, 'UTC')}
    AND ingested_at < {until:DateTime64(6, 'UTC')}"""

ARRIVALS_PER_MINUTE: Final = f"""
SELECT toStartOfMinute(ingested_at) AS minute, count() AS arrivals FROM verdict_arrivals
WHERE {_ARRIVED}
GROUP BY minute
ORDER BY minute
"""  # noqa: S608  (column names, no values)

# As the view chooses them. What a verdict says of being skipped is among its properties: that is read last,
# and of what did not arrive only.
_LOST: Final = f"""FROM events
  PREWHERE event = {{event:String}}
    AND {_ARRIVED}
    AND (project_id, uuid) NOT IN (SELECT project_id, uuid FROM verdict_arrivals WHERE {_ARRIVED})
  WHERE toUUIDOrNull(events.evaluation_id) IS NOT NULL
    AND ifNull(toString(properties.`$ai_evaluation_skipped`), '') != 'true'"""  # noqa: S608  (column names, no values)

LOST: Final = f"SELECT uniqExact(project_id, uuid) AS verdicts {_LOST}"

# One that arrived at another time is not missing: it was written again, or a sweep has been there. Copies are
# of one day, so only those days are looked through, by their index.
_MISSING: Final = f"""{_LOST}
    AND (project_id, uuid) NOT IN (
      SELECT project_id, uuid FROM verdict_arrivals
      WHERE toDate(timestamp) IN (SELECT toDate(timestamp) {_LOST})
        AND (project_id, uuid) IN (SELECT project_id, uuid {_LOST})
    )"""  # noqa: S608  (as above)

MISSING: Final = f"SELECT uniqExact(project_id, uuid) AS verdicts {_MISSING}"

# The values are those of the view. Of copies the first one counts, as everywhere.
_RESTORE: Final = f"""
INSERT INTO verdict_arrivals
    (project_id, evaluation_id, ingested_at, uuid, timestamp, result, applicable, sentiment, score, reasoning,
     target_id, trace_id, session_id)
SELECT
    project_id,
    toUUIDOrZero(events.evaluation_id),
    now64(6, 'UTC'),
    uuid,
    timestamp,
    result,
    applicable,
    ifNull(toString(properties.`$ai_sentiment_label`), ''),
    if(isFinite(toFloat64OrNull(toString(properties.`$ai_sentiment_score`))),
       toFloat64OrNull(toString(properties.`$ai_sentiment_score`)), NULL),
    ifNull(toString(properties.`$ai_evaluation_reasoning`), ''),
    target_id,
    trace_id,
    session_id
{_MISSING}
ORDER BY events.ingested_at
LIMIT 1 BY project_id, uuid
"""


class ArrivalRepairs:
    """`assay.ports.VerdictArrivals` in the event store.

    Entering twice counts once: reports take the first arrival of each verdict. So sweeps need no lock against
    each other, against writers that send again, or against their own retries.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def spans(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """A time in pieces whose arrivals can be compared with their verdicts at once, in order."""
        begin, arrivals = since, 0
        for row in self._connection.query(ARRIVALS_PER_MINUTE, since=since, until=until):
            if arrivals and arrivals + row["arrivals"] > ARRIVALS_AT_ONCE:
                yield begin, row["minute"]
                begin, arrivals = row["minute"], 0
            arrivals += row["arrivals"]
        if begin < until:
            yield begin, until

    def restore(self, since: datetime, until: datetime) -> int:
        """Enter verdicts that the store took in a time and that never arrived, as arriving now.

        Args:
            since, until: half-open; no insert of that time may still be running.

        Returns:
            How many there were.
        """
        span = {"event": EVALUATION, "since": since, "until": until}
        # Nearly always there are none, and the first question is all.
        for sql in (LOST, MISSING):
            [found] = self._connection.query(sql, **span)
            if not found["verdicts"]:
                return 0
        self._connection.command(_RESTORE, **span)
        missing: int = found["verdicts"]
        return missing
