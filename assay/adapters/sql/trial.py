"""The trial ledger in SQL."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.tables import ProjectRow, TrialEvaluationRow
from assay.contracts.evaluations import TrialPlace

RESERVED_FOR = timedelta(minutes=10)
"""How long a place is held for one attempt; a longer silence means that its process is gone."""


class SqlTrialLedger:
    """`assay.ports.TrialLedger` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, project_id: int, verdict_event_id: UUID, *, limit: int) -> TrialPlace:
        """Take one of `limit` places for this verdict.

        Raises:
            StoreRejected: there is no such project.
        """
        now = utc_now()
        async with self._database.write() as session:
            await _lock_project(session, project_id)
            abandoned = ~TrialEvaluationRow.confirmed & (TrialEvaluationRow.reserved_at < now - RESERVED_FOR)
            await session.execute(
                delete(TrialEvaluationRow).where(TrialEvaluationRow.project_id == project_id, abandoned)
            )
            place = await session.get(TrialEvaluationRow, (project_id, verdict_event_id))
            if place is not None:
                place.reserved_at = now
                return TrialPlace.RESERVED
            if await _count(session, project_id, TrialEvaluationRow.confirmed.is_(True)) >= limit:
                return TrialPlace.USED_UP
            if await _count(session, project_id) >= limit:
                return TrialPlace.BUSY
            await session.execute(_new_place(project_id, verdict_event_id, confirmed=False))
            return TrialPlace.RESERVED

    async def confirm(self, project_id: int, verdict_event_id: UUID) -> None:
        """The verdict was reached: its place is used for good, even if it was given up as abandoned."""
        async with self._database.write() as session:
            await _lock_project(session, project_id)
            place = await session.get(TrialEvaluationRow, (project_id, verdict_event_id))
            if place is not None:
                place.confirmed = True
                return
            await session.execute(_new_place(project_id, verdict_event_id, confirmed=True))

    async def release(self, project_id: int, verdict_event_id: UUID) -> None:
        """Give a reserved place back because no verdict came of it; a confirmed one stays."""
        async with self._database.write() as session:
            await session.execute(
                delete(TrialEvaluationRow).where(
                    TrialEvaluationRow.project_id == project_id,
                    TrialEvaluationRow.verdict_event_id == verdict_event_id,
                    ~TrialEvaluationRow.confirmed,
                )
            )

    async def used(self, project_id: int) -> int:
        """Confirmed places."""
        async with self._database.read() as session:
            return await _count(session, project_id, TrialEvaluationRow.confirmed.is_(True))


def _new_place(project_id: int, verdict_event_id: UUID, *, confirmed: bool) -> Insert:
    return insert(TrialEvaluationRow).values(
        project_id=project_id,
        verdict_event_id=verdict_event_id,
        reserved_at=utc_now(),
        confirmed=confirmed,
    )


async def _lock_project(session: AsyncSession, project_id: int) -> None:
    """Let one reservation of a project at a time count and insert.

    NO KEY UPDATE is enough for that, and other tables may still refer to the project meanwhile.
    """
    await session.execute(
        select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update(key_share=True)
    )


async def _count(session: AsyncSession, project_id: int, *conditions: ColumnElement[bool]) -> int:
    places = select(func.count()).select_from(TrialEvaluationRow)
    return await session.scalar(places.where(TrialEvaluationRow.project_id == project_id, *conditions)) or 0
