"""The trial ledger in SQL."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.tables import ProjectRow, TrialEvaluationRow


class SqlTrialLedger:
    """`assay.ports.TrialLedger` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, project_id: int, verdict_event_id: UUID, *, limit: int) -> bool:
        """Take one of `limit` places for this verdict; True if it has one (now or from before).

        Raises:
            StoreRejected: there is no such project.
        """
        async with self._database.write() as session:
            await _lock_project(session, project_id)
            place = await session.get(TrialEvaluationRow, (project_id, verdict_event_id))
            if place is not None:
                return True
            if await _count(session, project_id) >= limit:
                return False
            await session.execute(
                insert(TrialEvaluationRow).values(
                    project_id=project_id, verdict_event_id=verdict_event_id, reserved_at=utc_now()
                )
            )
            return True

    async def release(self, project_id: int, verdict_event_id: UUID) -> None:
        """Give a place back because no verdict came of it."""
        async with self._database.write() as session:
            await session.execute(
                delete(TrialEvaluationRow).where(
                    TrialEvaluationRow.project_id == project_id,
                    TrialEvaluationRow.verdict_event_id == verdict_event_id,
                )
            )

    async def used(self, project_id: int) -> int:
        """Places taken."""
        async with self._database.read() as session:
            return await _count(session, project_id)


async def _lock_project(session: AsyncSession, project_id: int) -> None:
    """Let one reservation of a project at a time count and insert.

    NO KEY UPDATE is enough for that, and other tables may still refer to the project meanwhile.
    """
    await session.execute(
        select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update(key_share=True)
    )


async def _count(session: AsyncSession, project_id: int) -> int:
    places = select(func.count()).select_from(TrialEvaluationRow)
    return await session.scalar(places.where(TrialEvaluationRow.project_id == project_id)) or 0
