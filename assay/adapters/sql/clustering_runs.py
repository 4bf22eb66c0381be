"""Runs of clustering jobs in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.database import Database, exclusively
from assay.adapters.sql.lists import Orders, counted_page
from assay.adapters.sql.storable import storable
from assay.adapters.sql.tables import ClusteringRunRow
from assay.adapters.sql.upserts import inserting
from assay.contracts.clustering_runs import (
    ClusteringRun,
    ClusteringRunCounts,
    ClusteringRunQuery,
    ClusteringRunStatus,
)
from assay.errors import StoreRejected

_ORDERS: Final = Orders({"started_at": ClusteringRunRow.started_at}, default=("-started_at",))

_UNDER_WAY: Final = tuple(status for status in ClusteringRunStatus if not status.has_ended)

_OF_THE_END: Final = (
    "status",
    "reason",
    "counts",
    "next_cluster_id",
    "parameters",
    "cost_usd",
    "finished_at",
)
"""What a run has when it ends."""


class SqlClusteringRuns:
    """`assay.ports.ClusteringRunRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(self, run: ClusteringRun) -> ClusteringRun:
        """Store a run whose workflow was started; if it is there already, that one is left and returned.

        Raises:
            StoreRejected: there is no such project, or the run is another project's.
        """
        async with self._database.write() as session:
            return _run(await _enqueued(session, run))

    async def open(self, run: ClusteringRun) -> ClusteringRun:
        """Have a run begin, anew if it is there already, or wait: one of each job and level is at work.

        A run that begins is stored as it is given, whatever became of it before. Its `previous` is the
        completed run of the same job (or of none) and level whose window ends last before its own, which
        need not be the one that ran last. Its `next_cluster_id` is the highest that any of them has come to,
        however it ended.

        Returns:
            The run whose turn it is: this one, running, or the one that it waits for: that which is running,
            or the queued one whose window ends first.

        Raises:
            StoreRejected: there is no such project, or the run is another project's.
        """
        async with self._database.write() as session:
            await exclusively(session, f"clustering-runs/{run.project_id}/{run.job_id}/{run.level}")
            row = await _enqueued(session, run)
            # An attempt whose answer was lost has had its turn.
            has_turn = row.status is ClusteringRunStatus.RUNNING and row.level == run.level
            ahead = None if has_turn else await _ahead(session, run)
            if ahead is not None:
                if row.status is not ClusteringRunStatus.QUEUED:
                    waiting = {"status": ClusteringRunStatus.QUEUED, "next_cluster_id": row.next_cluster_id}
                    await _store(session, run, waiting)
                return _run(ahead)
            left = {
                "previous": await _previous(session, run),
                "next_cluster_id": await _highest(session, run),
            }
            await _store(session, run, {"status": ClusteringRunStatus.RUNNING, **left})
            await session.refresh(row)
            return _run(row)

    async def first_cluster_id(self, run: ClusteringRun) -> int:
        """The first id that no cluster of another run of the same job and level has had."""
        async with self._database.read() as session:
            return await _highest(session, run, ClusteringRunRow.id != run.id)

    async def get(self, project_id: int, run_id: UUID) -> ClusteringRun | None:
        """One run, or None."""
        return await self._one(_is_run(project_id, run_id))

    async def find(self, run_id: UUID) -> ClusteringRun | None:
        """One run of whichever project, or None."""
        return await self._one(ClusteringRunRow.id == run_id)

    async def list(self, project_id: int, query: ClusteringRunQuery) -> tuple[int, list[ClusteringRun]]:
        """How many runs there are, and a page of them, newest first.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        asked = {"job_id": query.job_id, "status": query.status, "level": query.level}
        matches = and_(
            ClusteringRunRow.project_id == project_id,
            *(getattr(ClusteringRunRow, name) == value for name, value in asked.items() if value is not None),
        )
        async with self._database.read() as session:
            count, rows = await counted_page(
                session,
                select(ClusteringRunRow),
                ClusteringRunRow,
                matches=matches,
                query=query,
                orders=_ORDERS,
            )
            return count, [_run(row) for (row,) in rows]

    async def close(self, run: ClusteringRun) -> bool:
        """Store how a run ended, if it has not, and has not begun anew since it was read; whether so.

        Raises:
            StoreRejected: it says that it is under way, and yet has an end, or the other way round.
        """
        columns = _columns(run)
        statement = (
            update(ClusteringRunRow)
            .where(
                _is_run(run.project_id, run.id),
                ClusteringRunRow.status.in_(_UNDER_WAY),
                ClusteringRunRow.started_at == run.started_at,
            )
            .values({name: columns[name] for name in _OF_THE_END})
            .returning(ClusteringRunRow.id)
        )
        async with self._database.write() as session:
            return await session.scalar(statement) is not None

    async def under_way(
        self, project_id: int | None = None, job_id: UUID | None = None
    ) -> Sequence[ClusteringRun]:
        """Runs that have not ended, those that wait included, oldest first.

        Args:
            project_id: of this project only.
            job_id: of this job only.
        """
        statement = select(ClusteringRunRow).where(ClusteringRunRow.status.in_(_UNDER_WAY))
        if project_id is not None:
            statement = statement.where(ClusteringRunRow.project_id == project_id)
        if job_id is not None:
            statement = statement.where(ClusteringRunRow.job_id == job_id)
        in_order = statement.order_by(ClusteringRunRow.started_at, ClusteringRunRow.id)
        async with self._database.read() as session:
            return [_run(row) for row in await session.scalars(in_order)]

    async def _one(self, matches: ColumnElement[bool]) -> ClusteringRun | None:
        async with self._database.read() as session:
            row = await session.scalar(select(ClusteringRunRow).where(matches))
        return None if row is None else _run(row)


def _is_run(project_id: int, run_id: UUID) -> ColumnElement[bool]:
    return and_(ClusteringRunRow.id == run_id, ClusteringRunRow.project_id == project_id)


async def _enqueued(session: AsyncSession, run: ClusteringRun) -> ClusteringRunRow:
    """The run as it is stored, which is queued if it was not there.

    Raises:
        StoreRejected: it is another project's.
    """
    columns = _columns(run) | {"status": ClusteringRunStatus.QUEUED}
    statement = inserting(session, ClusteringRunRow).values(**columns)
    await session.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
    row = await session.scalar(
        select(ClusteringRunRow).where(_is_run(run.project_id, run.id)).with_for_update()
    )
    if row is None:
        raise StoreRejected(f"The project has no clustering run {run.id}.")
    return row


async def _store(session: AsyncSession, run: ClusteringRun, changes: dict[str, Any]) -> None:
    """Store a run as it is given, but for the changes."""
    columns = _columns(run) | changes
    await session.execute(update(ClusteringRunRow).where(_is_run(run.project_id, run.id)).values(columns))


def _of_kind(run: ClusteringRun) -> ColumnElement[bool]:
    """All runs of the same job (or of none) and level."""
    row = ClusteringRunRow
    return and_(
        row.project_id == run.project_id,
        row.job_id.is_(None) if run.job_id is None else row.job_id == run.job_id,
        row.level == run.level,
    )


async def _ahead(session: AsyncSession, run: ClusteringRun) -> ClusteringRunRow | None:
    """The run that this one has to wait for. Days that wait follow each other in their order."""
    row = ClusteringRunRow
    is_running = row.status == ClusteringRunStatus.RUNNING
    is_before = or_(row.window_end < run.window_end, and_(row.window_end == run.window_end, row.id < run.id))
    is_ahead = or_(is_running, and_(row.status == ClusteringRunStatus.QUEUED, is_before))
    statement = select(row).where(_of_kind(run), row.id != run.id, is_ahead)
    in_order = (is_running.desc(), row.window_end, row.id)
    found: ClusteringRunRow | None = await session.scalar(statement.order_by(*in_order).limit(1))
    return found


async def _previous(session: AsyncSession, run: ClusteringRun) -> UUID | None:
    """The completed run whose window ends last before that of this one."""
    row = ClusteringRunRow
    is_before = and_(row.status == ClusteringRunStatus.COMPLETED, row.window_end < run.window_end)
    statement = select(row.id).where(_of_kind(run), row.id != run.id, is_before)
    in_order = (row.window_end.desc(), row.started_at.desc(), row.id)
    found: UUID | None = await session.scalar(statement.order_by(*in_order).limit(1))
    return found


async def _highest(session: AsyncSession, run: ClusteringRun, *which: ColumnElement[bool]) -> int:
    """The first id that no cluster of these runs of the same job and level has had."""
    statement = select(func.max(ClusteringRunRow.next_cluster_id)).where(_of_kind(run), *which)
    return await session.scalar(statement) or 0


def _columns(run: ClusteringRun) -> dict[str, Any]:
    fields = {name: getattr(run, name) for name in ClusteringRun.model_fields}
    texts = {name: storable(fields[name]) for name in ("run_id", "job_name", "workflow_id", "reason")}
    return fields | texts | {"counts": run.counts.model_dump(mode="json")}


def _run(row: ClusteringRunRow) -> ClusteringRun:
    fields = {name: getattr(row, name) for name in ClusteringRun.model_fields}
    return ClusteringRun(**fields | {"counts": ClusteringRunCounts.model_validate(row.counts)})
