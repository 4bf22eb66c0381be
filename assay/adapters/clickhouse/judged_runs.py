"""The runs of an evaluation, from the table `verdict_arrivals`: there, its verdicts lie together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.connection import Connection
from assay.contracts.evaluation_summaries import MAX_REASONING_CHARS, JudgedRun, RunFilter, RunResult

_TAIL: Final = MAX_REASONING_CHARS // 4
_HEAD: Final = MAX_REASONING_CHARS - _TAIL

_OF_EVALUATION: Final = """copy.project_id = {project_id:UInt64}
    AND copy.evaluation_id = {evaluation_id:UUID}"""

_ON_GENERATIONS: Final = "AND has({generation_ids:Array(String)}, lower(copy.target_id))"

_IN_ORDER: Final = "ORDER BY copy.timestamp DESC, UUIDToNum(copy.uuid) DESC"

# Inside out: verdicts that some of the newest rows are about; of the copies of each the last one, which is
# what counts; its texts, by the sorting key. To group all verdicts of an evaluation would take seconds for a
# million of them. A copy may lie in two parts until they are merged. Reasonings can be as long as events, so
# their middle stays in the store.
_NEWEST: Final = f"""
SELECT
  copy.uuid AS verdict_id,
  copy.target_id AS generation_id,
  toString(copy.outcome) AS result,
  hex(SHA256(copy.reasoning)) AS reasoning_digest,
  lengthUTF8(copy.reasoning) AS characters,
  if(characters <= {MAX_REASONING_CHARS}, copy.reasoning, concat(
    substringUTF8(copy.reasoning, 1, {_HEAD}),
    ' […', toString(characters - {MAX_REASONING_CHARS}), ' characters…] ',
    substringUTF8(copy.reasoning, -{_TAIL}))) AS shown
FROM verdict_arrivals AS copy
WHERE {_OF_EVALUATION}
  AND (copy.ingested_at, UUIDToNum(copy.uuid)) IN (
    SELECT max(copy.ingested_at) AS arrived_at, UUIDToNum(copy.uuid)
    FROM verdict_arrivals AS copy
    WHERE {_OF_EVALUATION}
      AND copy.uuid IN (
        SELECT copy.uuid FROM verdict_arrivals AS copy
        WHERE {_OF_EVALUATION} AND has({{results:Array(String)}}, toString(copy.outcome)) %s
        {_IN_ORDER}
        LIMIT {{rows:UInt64}}
      )
    GROUP BY copy.uuid
    HAVING has({{results:Array(String)}}, toString(argMax(copy.outcome, copy.ingested_at)))
    ORDER BY argMax(copy.timestamp, copy.ingested_at) DESC, UUIDToNum(copy.uuid) DESC
    LIMIT {{limit:UInt64}}
  )
{_IN_ORDER}
LIMIT 1 BY copy.uuid
"""  # noqa: S608  (column names, no values)

_COUNT: Final = f"""
SELECT count() AS rows FROM verdict_arrivals AS copy
WHERE {_OF_EVALUATION} AND has({{results:Array(String)}}, toString(copy.outcome)) %s
"""  # noqa: S608  (column names, no values)


class ClickHouseJudgedRuns:
    """`assay.ports.JudgedRuns` in the event store; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not within 20 seconds.

    Args:
        connection: of the event store, which closes it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(
        self,
        project_id: int,
        evaluation_id: UUID,
        *,
        which: RunFilter,
        generation_ids: Sequence[UUID] = (),
        limit: int,
    ) -> list[JudgedRun]:
        """The newest runs by their timestamps, newest first.

        Args:
            generation_ids: only runs on these generations; none: on any.
            limit: the most.
        """
        results = [each.value for each in RunResult if which.value in (RunFilter.ALL, each)]
        of = {"project_id": project_id, "evaluation_id": evaluation_id, "results": results}
        among = ""
        if generation_ids:
            among, of["generation_ids"] = _ON_GENERATIONS, [str(each) for each in generation_ids]
        rows = 2 * limit
        found = self._connection.query(_NEWEST % among, rows=rows, limit=limit, **of)
        # Where many rows are copies, the newest rows are of too few verdicts.
        while len(found) < limit and rows < self._rows(among, of):
            rows *= 4
            found = self._connection.query(_NEWEST % among, rows=rows, limit=limit, **of)
        return [_run(row) for row in found]

    def _rows(self, among: str, of: dict[str, Any]) -> int:
        [row] = self._connection.query(_COUNT % among, **of)
        count: int = row["rows"]
        return count


def _run(row: dict[str, Any]) -> JudgedRun:
    return JudgedRun(
        verdict_id=row["verdict_id"],
        generation_id=row["generation_id"],
        result=RunResult(row["result"]),
        reasoning=row["shown"],
        reasoning_digest=row["reasoning_digest"],
    )
