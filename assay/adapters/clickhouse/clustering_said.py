"""What users said in the items of a clustering run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from assay.adapters.clickhouse.clustering_texts import fitting
from assay.adapters.clickhouse.connection import Connection

_OF_RUN: Final = "project_id = {project_id:UInt64} AND run = {run:UUID}"

_SPEAKING: Final = f"""
SELECT item_id FROM (
    SELECT item_id, notEmpty(said) AS speaks FROM clustering_items
    WHERE {_OF_RUN}
    ORDER BY stored_at DESC
    LIMIT 1 BY item_id
)
WHERE speaks
"""  # noqa: S608  (column names, no values)

_SAID: Final = f"""
SELECT item_id, rightUTF8(said, {{letters:UInt64}}) AS words FROM clustering_items
WHERE {_OF_RUN} AND item_id IN {{item_ids:Array(String)}}
ORDER BY stored_at DESC
LIMIT 1 BY item_id
"""  # noqa: S608  (column names, no values)


class ClusteringSaid:
    """The part of `assay.ports.ClusteringArtefacts` that is about what users said."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def speaking(self, project_id: int, run: UUID) -> frozenset[str]:
        """The items of which it is known what the user said."""
        rows = self._connection.query(_SPEAKING, project_id=project_id, run=run)
        return frozenset(row["item_id"] for row in rows)

    def said(self, project_id: int, run: UUID, item_ids: Sequence[str], *, letters: int) -> Mapping[str, str]:
        """Item → what the user said.

        Args:
            item_ids: some hundreds at most; those of which nothing is known are left out.
            letters: from the end of a longer text.
        """
        place = {"project_id": project_id, "run": run}
        return {
            row["item_id"]: row["words"]
            for some in fitting(item_ids)
            for row in self._connection.query(_SAID, item_ids=some, letters=letters, **place)
            if row["words"]
        }
