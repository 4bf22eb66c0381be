"""Artifacts in SQL."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.storable import storable
from assay.adapters.sql.tables import ArtifactRow
from assay.adapters.sql.upserts import inserting
from assay.contracts.artifacts import Artifact, ArtifactKind
from assay.domain.digests import digest_of

_PLACE = ("project_id", "kind", "digest")
_TEXTS = ("subject", "variant", "source")
_LONGEST = 255
"""Characters of a text that is indexed; PostgreSQL's indices take no more than some 2,700 bytes."""


class SqlArtifacts:
    """`assay.ports.ArtifactRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, artifact: Artifact) -> None:
        """Store an artifact; one of the same kind and digest is replaced. What has expired is removed."""
        columns = {name: _indexed(getattr(artifact, name)) for name in _TEXTS} | {
            "body": await asyncio.to_thread(_packed, artifact.body),
            "created_at": artifact.created_at,
            "expires_at": artifact.expires_at,
        }
        place = {name: getattr(artifact, name) for name in _PLACE}
        async with self._database.write() as session:
            await session.execute(delete(ArtifactRow).where(ArtifactRow.expires_at <= utc_now()))
            statement = inserting(session, ArtifactRow).values(**place, **columns)
            await session.execute(statement.on_conflict_do_update(index_elements=[*_PLACE], set_=columns))

    async def get(self, project_id: int, kind: ArtifactKind, digest: str) -> Artifact | None:
        """One artifact, or None."""
        statement = select(ArtifactRow).where(
            ArtifactRow.project_id == project_id,
            ArtifactRow.kind == kind,
            ArtifactRow.digest == digest,
            ArtifactRow.expires_at > utc_now(),
        )
        async with self._database.read() as session:
            row = await session.scalar(statement)
        return None if row is None else await _artifact(row)

    async def latest(
        self, project_id: int, kind: ArtifactKind, subjects: Sequence[str], variant: str
    ) -> Mapping[str, Artifact]:
        """The newest artifact of each of these subjects that has one of this variant."""
        asked = {_indexed(subject): subject for subject in subjects}
        newest = func.row_number().over(
            partition_by=ArtifactRow.subject, order_by=(ArtifactRow.created_at.desc(), ArtifactRow.digest)
        )
        of_all = (
            select(ArtifactRow.kind, ArtifactRow.digest, newest.label("place"))
            .where(
                ArtifactRow.project_id == project_id,
                ArtifactRow.kind == kind,
                ArtifactRow.subject.in_(list(asked)),
                ArtifactRow.variant == _indexed(variant),
                ArtifactRow.expires_at > utc_now(),
            )
            .subquery()
        )
        statement = select(ArtifactRow).where(
            ArtifactRow.project_id == project_id,
            ArtifactRow.kind == kind,
            ArtifactRow.digest.in_(select(of_all.c.digest).where(of_all.c.place == 1)),
        )
        async with self._database.read() as session:
            rows = (await session.scalars(statement)).all()
        return {asked[row.subject]: await _artifact(row) for row in rows}


def _indexed(text: str) -> str:
    """A text as it is stored and found: itself, or its digest."""
    return storable(text) if len(text) <= _LONGEST else digest_of(text)


def _packed(body: Any) -> bytes:
    # Escapes for all that is not ASCII: lone surrogates go, and the compression takes the rest back.
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), level=6)


def _unpacked(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))


async def _artifact(row: ArtifactRow) -> Artifact:
    columns = {name: getattr(row, name) for name in (*_PLACE, *_TEXTS, "created_at")}
    return Artifact(**columns, body=await asyncio.to_thread(_unpacked, row.body))
