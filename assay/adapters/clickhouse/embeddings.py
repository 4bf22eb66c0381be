"""Vectors of texts: the table `embeddings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Final

import numpy as np

from assay.adapters.clickhouse.connection import Connection
from assay.contracts.embeddings import Vectors

_TYPES: Final = {
    "project_id": "UInt64",
    "model": "LowCardinality(String)",
    "digest": "FixedString(64)",
    "vector": "Array(Float32)",
}

_AT_ONCE: Final = 2_000
"""Digests in one statement: their text stays below what a server takes."""

# Any copy will do: the same text and model make the same vector.
FIND: Final = """
SELECT toString(digest) AS digest, vector FROM embeddings
WHERE project_id = {project_id:UInt64} AND model = {model:String} AND digest IN {digests:Array(String)}
LIMIT 1 BY digest
"""


class ClickHouseEmbeddings:
    """`assay.ports.EmbeddingCache`; safe to use from any thread.

    Every method raises `StoreUnavailable` when the store does not answer, or not in time.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, project_id: int, model: str, digests: Sequence[str]) -> Mapping[str, Vectors]:
        """The vectors that there are of these texts."""
        return {
            row["digest"]: np.asarray(row["vector"], dtype=np.float32)
            for some in batched(dict.fromkeys(digests), _AT_ONCE)
            for row in self._connection.query(FIND, project_id=project_id, model=model, digests=list(some))
        }

    def put(self, project_id: int, model: str, vectors: Mapping[str, Vectors]) -> None:
        """Store vectors by digest; storing one again changes nothing."""
        if not vectors:
            return
        count = len(vectors)
        columns: list[list[object]] = [
            [project_id] * count,
            [model] * count,
            list(vectors),
            [vector.tolist() for vector in vectors.values()],
        ]
        self._connection.insert("embeddings", _TYPES, columns)
