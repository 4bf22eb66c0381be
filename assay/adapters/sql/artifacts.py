"""Artifacts in SQL."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any, Final

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
_AT_ONCE: Final = 500
"""Rows of a statement: databases limit its parameters."""

_LONGEST = 255
"""Characters of a text that is indexed; PostgreSQL's indices take no more than some 2,700 bytes."""


class SqlArtifacts:
    """`assay.ports.ArtifactRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, artifact: Artifact) -> None:
        """Store an artifact; one of the same kind and digest is replaced. What has expired is removed."""
        await self.put_all([artifact])

    async def put_all(self, artifacts: Sequence[Artifact]) -> None:
        """Store artifacts of different digests, all or none; else like `put`."""
        # In one order, so that two who store some of the same ones never wait for each other.
        ordered = sorted(artifacts, key=lambda artifact: artifact.digest)
        rows = await asyncio.to_thread(lambda: [_row(artifact) for artifact in ordered])
        async with self._database.write() as session:
            await session.execute(delete(ArtifactRow).where(ArtifactRow.expires_at <= utc_now()))
            if rows:
                statement = inserting(session, ArtifactRow)
                columns = {name: statement.excluded[name] for name in rows[0] if name not in _PLACE}
                # One row many times: a statement of a thousand rows takes longer to put together than to run.
                await session.execute(
                    statement.on_conflict_do_update(index_elements=[*_PLACE], set_=columns), rows
                )

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
        return None if row is None else await asyncio.to_thread(_artifact, row)

    async def get_all(
        self, project_id: int, kind: ArtifactKind, digests: Sequence[str]
    ) -> Mapping[str, Artifact]:
        """Those of these artifacts that there are, by their digests."""
        rows: list[ArtifactRow] = []
        async with self._database.read() as session:
            for some in batched(digests, _AT_ONCE):
                statement = select(ArtifactRow).where(
                    ArtifactRow.project_id == project_id,
                    ArtifactRow.kind == kind,
                    ArtifactRow.digest.in_(some),
                    ArtifactRow.expires_at > utc_now(),
                )
                rows += (await session.scalars(statement)).all()
        return await asyncio.to_thread(lambda: {row.digest: _artifact(row) for row in rows})

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
        return await asyncio.to_thread(lambda: {asked[row.subject]: _artifact(row) for row in rows})


def _indexed(text: str) -> str:
    """A text as it is stored and found: itself, or its digest."""
    return storable(text) if len(text) <= _LONGEST else digest_of(text)


def _packed(body: Any) -> bytes:
    # Escapes for all that is not ASCII: lone surrogates go, and the compression takes the rest back.
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), level=6)


def _unpacked(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))


def _row(artifact: Artifact) -> dict[str, Any]:
    return (
        {name: getattr(artifact, name) for name in _PLACE}
        | {name: _indexed(getattr(artifact, name)) for name in _TEXTS}
        | {
            "body": _packed(artifact.body),
            "created_at": artifact.created_at,
            "expires_at": artifact.expires_at,
        }
    )


def _artifact(row: ArtifactRow) -> Artifact:
    columns = {name: getattr(row, name) for name in (*_PLACE, *_TEXTS, "created_at")}
    return Artifact(**columns, body=_unpacked(row.body))
