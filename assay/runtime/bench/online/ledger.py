"""What an engine has left in its event store, read once it has ended: one process owns the store."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from assay.adapters.clickhouse.connection import Connection
from assay.adapters.clickhouse.embedded import open_embedded
from assay.contracts.evaluation_batches import BatchRef
from assay.contracts.events import EVALUATION
from assay.temporal.ids import evaluation_batch_id

# Not FINAL: a verdict that was reached twice shall be seen.
_VERDICTS = """
SELECT target_id, uuid, toUnixTimestamp64Micro(ingested_at) AS stored_at FROM events
WHERE project_id = {project_id:UInt64} AND event = {event:String}
ORDER BY stored_at
"""

_CLAIMS = """
SELECT target, evaluation_id, dispatch_id, batch FROM evaluation_targets FINAL
WHERE project_id = {project_id:UInt64}
"""


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict in the store.

    Attributes:
        stored_at: when the insert that holds it began, in Unix seconds.
    """

    uuid: UUID
    target: UUID
    stored_at: float


class Ledger:
    """Reads verdicts and claims."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def verdicts(self, project_id: int) -> list[StoredVerdict]:
        """All verdicts of a project, in the order in which they were stored."""
        rows = self._connection.query(_VERDICTS, project_id=project_id, event=EVALUATION)
        return [
            StoredVerdict(row["uuid"], UUID(row["target_id"]), row["stored_at"] / 1_000_000) for row in rows
        ]

    def verdicts_on(self, project_id: int, targets: Collection[UUID]) -> list[StoredVerdict]:
        """The verdicts of a project on some targets, in the order in which they were stored.

        Raises:
            RuntimeError: a target has none, or more than one.
        """
        wanted = set(targets)
        found = [verdict for verdict in self.verdicts(project_id) if verdict.target in wanted]
        judged = {verdict.target for verdict in found}
        if judged != wanted or len(found) != len(wanted):
            raise RuntimeError(
                f"{len(wanted)} targets, {len(judged)} of them judged, {len(found)} verdicts on them"
            )
        return found

    def batch_of(self, project_id: int) -> dict[UUID, str]:
        """Target → id of the workflow that judged it."""
        rows = self._connection.query(_CLAIMS, project_id=project_id)
        return {
            row["target"]: evaluation_batch_id(
                BatchRef(
                    project_id=project_id,
                    evaluation_id=row["evaluation_id"],
                    dispatch_id=row["dispatch_id"],
                    number=row["batch"],
                )
            )
            for row in rows
        }


@contextmanager
def ledger(data_dir: Path) -> Iterator[Ledger]:
    """The event store in the data folder of an engine that has ended."""
    connection = open_embedded(data_dir / "events")
    try:
        yield Ledger(connection)
    finally:
        connection.close()
