"""Runs of clustering jobs in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.database import Database
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

    async def open(self, run: ClusteringRun) -> ClusteringRun:
        """Store a run that has begun; if it is there already, that one is left and returned.

        `previous` and `next_cluster_id` are what completed runs of the same job (or of none) and level have
        left: the id of the one whose window ends last, which need not be the one that ran last, and the
        highest number.

        Raises:
            StoreRejected: there is no such project, or the run is another project's.
        """
        async with self._database.write() as session:
            previous, next_cluster_id = await _what_is_left(session, run)
            columns = _columns(run) | {"previous": previous, "next_cluster_id": next_cluster_id}
            statement = inserting(session, ClusteringRunRow).values(**columns)
            await session.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
            row = await session.scalar(select(ClusteringRunRow).where(_is_run(run.project_id, run.id)))
            if row is None:
                raise StoreRejected(f"The project has no clustering run {run.id}.")
            return _run(row)

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
        """Store how a run ended, if it is still running; whether it was.

        Raises:
            StoreRejected: it says that it is running, and yet has an end, or the other way round.
        """
        columns = _columns(run)
        statement = (
            update(ClusteringRunRow)
            .where(_is_run(run.project_id, run.id), ClusteringRunRow.status == ClusteringRunStatus.RUNNING)
            .values({name: columns[name] for name in _OF_THE_END})
            .returning(ClusteringRunRow.id)
        )
        async with self._database.write() as session:
            return await session.scalar(statement) is not None

    async def running(
        self, project_id: int | None = None, job_id: UUID | None = None
    ) -> Sequence[ClusteringRun]:
        """Runs that have not ended, oldest first.

        Args:
            project_id: of this project only.
            job_id: of this job only.
        """
        statement = select(ClusteringRunRow).where(ClusteringRunRow.status == ClusteringRunStatus.RUNNING)
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


async def _what_is_left(session: AsyncSession, run: ClusteringRun) -> tuple[UUID | None, int]:
    """The newest completed run of the same kind, and the first id that no cluster of them has had."""
    row = ClusteringRunRow
    of_kind = and_(
        row.project_id == run.project_id,
        row.job_id.is_(None) if run.job_id is None else row.job_id == run.job_id,
        row.level == run.level,
        row.status == ClusteringRunStatus.COMPLETED,
    )
    in_order = (row.window_end.desc(), row.started_at.desc(), row.id)
    newest = await session.scalar(select(row.id).where(of_kind).order_by(*in_order).limit(1))
    highest = await session.scalar(select(func.max(row.next_cluster_id)).where(of_kind))
    return newest, highest or 0


def _columns(run: ClusteringRun) -> dict[str, Any]:
    fields = {name: getattr(run, name) for name in ClusteringRun.model_fields}
    texts = {name: storable(fields[name]) for name in ("run_id", "job_name", "workflow_id", "reason")}
    return fields | texts | {"counts": run.counts.model_dump(mode="json")}


def _run(row: ClusteringRunRow) -> ClusteringRun:
    fields = {name: getattr(row, name) for name in ClusteringRun.model_fields}
    return ClusteringRun(**fields | {"counts": ClusteringRunCounts.model_validate(row.counts)})
