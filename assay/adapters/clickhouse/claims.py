"""Claims on targets: the table `evaluation_targets`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from assay.adapters.clickhouse.addresses import address_in, address_parameters
from assay.adapters.clickhouse.connection import Connection
from assay.contracts.evaluation_batches import BatchRef, Claim
from assay.contracts.events import EVALUATION

CLAIM_TYPES: Final = {
    "project_id": "UInt64",
    "evaluation_id": "UUID",
    "target": "UUID",
    "timestamp": "DateTime64(6, 'UTC')",
    "version": "UInt32",
    "dispatch_id": "String",
    "batch": "UInt32",
    "size": "UInt64",
    "origin": "LowCardinality(String)",
    "verdict_event_id": "UUID",
}
"""Columns of an inserted claim and how they travel. The store fills in all others."""

CLAIMS_AT_ONCE: Final = 100_000
"""So many are compared with their verdicts in one query (or those of a minute): some 30 MB of uuids."""

_LAST_VERSION: Final = 2**32 - 1

_COLUMNS: Final = f"{', '.join(CLAIM_TYPES)}, claimed_at"

_BY_BATCH: Final = "UUIDToNum(evaluation_id), batch, timestamp, UUIDToNum(target)"

# Any copy of a claim proves it.
CLAIMED = f"""
SELECT DISTINCT target FROM evaluation_targets
WHERE project_id = {{project_id:UInt64}}
  AND evaluation_id = {{evaluation_id:UUID}}
  AND {address_in("target")}
  AND version BETWEEN {{from_version:UInt32}} AND {{to_version:UInt32}}
"""  # noqa: S608  (column names, no values)

# Read from the projection `by_dispatch`, which FINAL would not do. Copies are those of one dispatch, so they
# are all among the rows, and the first one counts.
_OF_DISPATCH = f"""
SELECT {_COLUMNS} FROM (
  SELECT {_COLUMNS} FROM evaluation_targets
  WHERE project_id = {{project_id:UInt64}} AND dispatch_id = {{dispatch_id:String}} AND %s
  ORDER BY claimed_at, batch
  LIMIT 1 BY evaluation_id, toDate(timestamp), target, version
)
WHERE %s
ORDER BY {_BY_BATCH}
"""  # noqa: S608  (column names, no values)

CLAIMS_OF = _OF_DISPATCH % ("true", "true")

CLAIMS_IN = _OF_DISPATCH % ("evaluation_id = {evaluation_id:UUID}", "batch = {batch:UInt32}")

_CLAIMED_IN_SPAN = """project_id = {project_id:UInt64}
  AND claimed_at >= {since:DateTime64(6, 'UTC')}
  AND claimed_at < {until:DateTime64(6, 'UTC')}"""

CLAIMS_PER_MINUTE = f"""
SELECT toStartOfMinute(claimed_at) AS minute, count() AS claims FROM evaluation_targets
WHERE {_CLAIMED_IN_SPAN}
GROUP BY minute
ORDER BY minute
"""  # noqa: S608  (column names, no values)

# A verdict lies on its target's day. The inner list keeps the verdicts that are held in memory to those that
# these claims can have.
UNJUDGED = f"""
SELECT {_COLUMNS} FROM evaluation_targets FINAL
WHERE {_CLAIMED_IN_SPAN}
  AND (toDate(timestamp), verdict_event_id) NOT IN (
    SELECT toDate(timestamp), uuid FROM events
    WHERE project_id = {{project_id:UInt64}}
      AND event = {{event:String}}
      AND (toDate(timestamp), uuid) IN (
        SELECT toDate(timestamp), verdict_event_id FROM evaluation_targets WHERE {_CLAIMED_IN_SPAN}
      )
  )
ORDER BY claimed_at, {_BY_BATCH}
LIMIT {{limit:UInt64}}
"""  # noqa: S608  (column names, no values)

CLAIMING_PROJECTS = """
SELECT DISTINCT project_id FROM evaluation_targets
WHERE claimed_at >= {since:DateTime64(6, 'UTC')}
ORDER BY project_id
"""


class Claims:
    """The part of `assay.ports.EvaluationTargets` that writes and reads claims."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, claims: Sequence[Claim]) -> None:
        """Store claims, all of them or (on an error) possibly none; again changes nothing."""
        if claims:
            columns = [list(column) for column in zip(*map(_to_row, claims), strict=True)]
            self._connection.insert("evaluation_targets", CLAIM_TYPES, columns)

    def claimed(
        self,
        project_id: int,
        evaluation_id: UUID,
        targets: Sequence[tuple[UUID, date]],
        *,
        version: int | None,
    ) -> set[UUID]:
        """Which targets are claimed for an evaluation.

        Args:
            version: only claims for that version of it; None: for any.
        """
        return {
            row["target"]
            for parameters in address_parameters(targets)
            for row in self._connection.query(
                CLAIMED,
                project_id=project_id,
                evaluation_id=evaluation_id,
                from_version=0 if version is None else version,
                to_version=_LAST_VERSION if version is None else version,
                **parameters,
            )
        }

    def claims_of(self, project_id: int, dispatch_id: str) -> list[Claim]:
        """What a dispatch has claimed, in the order of evaluation, batch, timestamp and uuid."""
        rows = self._connection.query(CLAIMS_OF, project_id=project_id, dispatch_id=dispatch_id)
        return [_to_claim(row) for row in rows]

    def claims_in(self, batch: BatchRef) -> list[Claim]:
        """The targets of a batch, ordered by timestamp and uuid. A target is in one batch of a version."""
        rows = self._connection.query(
            CLAIMS_IN,
            project_id=batch.project_id,
            evaluation_id=batch.evaluation_id,
            dispatch_id=batch.dispatch_id,
            batch=batch.number,
        )
        return [_to_claim(row) for row in rows]

    def unjudged(self, project_id: int, *, since: datetime, until: datetime, limit: int) -> list[Claim]:
        """The oldest claims of a time of claiming whose `verdict_event_id` is not in the store.

        Those that another version of the evaluation has judged are among them.

        Args:
            since, until: the time of claiming; half-open.
        """
        found: list[Claim] = []
        for begin, end in self._spans(project_id, since, until):
            rows = self._connection.query(
                UNJUDGED,
                project_id=project_id,
                event=EVALUATION,
                since=begin,
                until=end,
                limit=limit - len(found),
            )
            found += [_to_claim(row) for row in rows]
            if len(found) >= limit:
                break
        return found

    def claiming_projects(self, *, since: datetime) -> list[int]:
        """Projects with claims since then, in order."""
        return [row["project_id"] for row in self._connection.query(CLAIMING_PROJECTS, since=since)]

    def _spans(
        self, project_id: int, since: datetime, until: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """The time of claiming in pieces whose claims can be compared with their verdicts at once."""
        begin, claims = since, 0
        rows = self._connection.query(CLAIMS_PER_MINUTE, project_id=project_id, since=since, until=until)
        for row in rows:
            if claims and claims + row["claims"] > CLAIMS_AT_ONCE:
                yield begin, row["minute"]
                begin, claims = row["minute"], 0
            claims += row["claims"]
        if claims:
            yield begin, until


def _to_row(claim: Claim) -> tuple[Any, ...]:
    """The values of `CLAIM_TYPES`."""
    batch = claim.batch
    return (
        batch.project_id,
        batch.evaluation_id,
        claim.target,
        claim.timestamp,
        claim.evaluation_version,
        batch.dispatch_id,
        batch.number,
        claim.size,
        claim.origin,
        claim.verdict_event_id,
    )


def _to_claim(row: dict[str, Any]) -> Claim:
    return Claim(
        batch=BatchRef(
            project_id=row["project_id"],
            evaluation_id=row["evaluation_id"],
            dispatch_id=row["dispatch_id"],
            number=row["batch"],
        ),
        evaluation_version=row["version"],
        target=row["target"],
        timestamp=row["timestamp"],
        size=row["size"],
        origin=row["origin"],
        verdict_event_id=row["verdict_event_id"],
        claimed_at=row["claimed_at"],
    )
