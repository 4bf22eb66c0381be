"""The trial ledger in SQL.

A place is a row. A row is made only while there are fewer than the limit, or in the place of one that was
abandoned, and confirming makes none: so however many callers there are, and whichever of them die, there
are never more confirmed places than the limit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.tables import ProjectRow, TrialEvaluationRow
from assay.contracts.evaluations import TrialPlace

log = structlog.get_logger(__name__)

RESERVED_FOR = timedelta(minutes=10)
"""How long a place is held without being renewed; a longer silence means that its process is gone."""


class SqlTrialLedger:
    """`assay.ports.TrialLedger` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, project_id: int, verdict_event_id: UUID, *, limit: int) -> TrialPlace:
        """Take one of `limit` places for this verdict, or renew the one it has.

        Raises:
            StoreRejected: there is no such project.
        """
        places = await self.reserve_many(project_id, [verdict_event_id], limit=limit)
        return places[verdict_event_id]

    async def reserve_many(
        self, project_id: int, verdict_event_ids: Collection[UUID], *, limit: int
    ) -> Mapping[UUID, TrialPlace]:
        """`reserve` for several verdicts at once; the first ones get the last places.

        Raises:
            StoreRejected: there is no such project.
        """
        wanted = list(dict.fromkeys(verdict_event_ids))
        async with self._database.write() as session:
            await _lock_project(session, project_id)
            held = await _renew(session, project_id, wanted)
            new = [verdict for verdict in wanted if verdict not in held]
            room = await _make_room(session, project_id, len(new), limit=limit)
            await _insert(session, project_id, new[:room])
            places = dict.fromkeys(wanted, TrialPlace.RESERVED)
            if left := new[room:]:
                used_up = await _count(session, project_id, TrialEvaluationRow.confirmed.is_(True)) >= limit
                places |= dict.fromkeys(left, TrialPlace.USED_UP if used_up else TrialPlace.BUSY)
            return places

    async def renew(self, project_id: int, verdict_event_ids: Collection[UUID]) -> None:
        """Keep reserved places for longer; what was lost stays lost."""
        async with self._database.write() as session:
            await _lock_project(session, project_id)
            await _renew(session, project_id, verdict_event_ids)

    async def confirm(self, project_id: int, verdict_event_id: UUID) -> None:
        """The verdict was reached: its place is used for good, if it has not gone to another."""
        await self.settle_many(project_id, confirmed=[verdict_event_id])

    async def release(self, project_id: int, verdict_event_id: UUID) -> None:
        """Give a reserved place back because no verdict came of it; a confirmed one stays."""
        await self.settle_many(project_id, released=[verdict_event_id])

    async def settle_many(
        self, project_id: int, *, confirmed: Collection[UUID] = (), released: Collection[UUID] = ()
    ) -> frozenset[UUID]:
        """`confirm` and `release` for several verdicts at once.

        Returns:
            Those of `confirmed` that do not count.
        """
        async with self._database.write() as session:
            await _lock_project(session, project_id)
            counted = await _confirm(session, project_id, confirmed)
            await session.execute(
                delete(TrialEvaluationRow).where(_are(project_id, released), ~TrialEvaluationRow.confirmed)
            )
        uncounted = frozenset(confirmed) - counted
        if uncounted:
            log.warning("verdicts beyond the trial", project_id=project_id, verdicts=len(uncounted))
        return uncounted

    async def used(self, project_id: int) -> int:
        """Confirmed places."""
        async with self._database.read() as session:
            return await _count(session, project_id, TrialEvaluationRow.confirmed.is_(True))


async def _confirm(session: AsyncSession, project_id: int, verdicts: Collection[UUID]) -> set[UUID]:
    """Use the places that these verdicts have for good; which of them have one."""
    confirmed = await session.scalars(
        update(TrialEvaluationRow)
        .where(_are(project_id, verdicts))
        .values(confirmed=True)
        .returning(TrialEvaluationRow.verdict_event_id)
    )
    return set(confirmed)


async def _renew(session: AsyncSession, project_id: int, verdicts: Collection[UUID]) -> set[UUID]:
    """Renew the places that these verdicts have; which of them have one."""
    renewed = await session.scalars(
        update(TrialEvaluationRow)
        .where(_are(project_id, verdicts))
        .values(reserved_at=utc_now())
        .returning(TrialEvaluationRow.verdict_event_id)
    )
    return set(renewed)


async def _make_room(session: AsyncSession, project_id: int, wanted: int, *, limit: int) -> int:
    """How many of the wanted places there are. Abandoned ones are given up as far as needed, oldest first."""
    free = limit - await _count(session, project_id)
    if wanted <= free:
        return wanted
    abandoned = ~TrialEvaluationRow.confirmed & (TrialEvaluationRow.reserved_at < utc_now() - RESERVED_FOR)
    oldest = (
        select(TrialEvaluationRow.verdict_event_id)
        .where(TrialEvaluationRow.project_id == project_id, abandoned)
        .order_by(TrialEvaluationRow.reserved_at)
        .limit(wanted - free)
    )
    given_up = (await session.scalars(oldest)).all()
    await session.execute(delete(TrialEvaluationRow).where(_are(project_id, given_up)))
    return max(free + len(given_up), 0)


async def _insert(session: AsyncSession, project_id: int, verdicts: Sequence[UUID]) -> None:
    if not verdicts:
        return
    now = utc_now()
    rows = [
        {
            "project_id": project_id,
            "verdict_event_id": verdict,
            "reserved_at": now,
            "confirmed": False,
        }
        for verdict in verdicts
    ]
    await session.execute(insert(TrialEvaluationRow), rows)


def _are(project_id: int, verdicts: Collection[UUID]) -> ColumnElement[bool]:
    return and_(
        TrialEvaluationRow.project_id == project_id, TrialEvaluationRow.verdict_event_id.in_(verdicts)
    )


async def _lock_project(session: AsyncSession, project_id: int) -> None:
    """Let one transaction at a time decide about the places of a project.

    NO KEY UPDATE is enough for that, and other tables may still refer to the project meanwhile.
    """
    await session.execute(
        select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update(key_share=True)
    )


async def _count(session: AsyncSession, project_id: int, *conditions: ColumnElement[bool]) -> int:
    places = select(func.count()).select_from(TrialEvaluationRow)
    return await session.scalar(places.where(TrialEvaluationRow.project_id == project_id, *conditions)) or 0
