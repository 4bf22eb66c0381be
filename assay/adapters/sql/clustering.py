"""Clustering configuration and jobs in SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import new_id, utc_now, utc_now_after
from assay.adapters.sql.database import Database, exclusively
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import ClusteringConfigRow, ClusteringJobRow
from assay.contracts.clustering import (
    DEFAULT_JOB_PREFIX,
    MAX_JOBS,
    AnalysisLevel,
    ClusteringConfig,
    ClusteringJob,
    ClusteringJobSpec,
    JobRef,
)
from assay.errors import LimitReached, NameTaken

_AS_WRITTEN = {"populate_existing": True, "synchronize_session": False}
"""Rows that a statement returns replace those that the session has read before."""


class SqlClusteringConfigs:
    """`assay.ports.ClusteringConfigRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, project_id: int) -> ClusteringConfig:
        """The configuration; it is made, without filters, when it is first asked for.

        Raises:
            StoreRejected: there is no such project.
        """
        async with self._database.read() as session:
            row = await session.get(ClusteringConfigRow, project_id)
            if row is not None:
                return _config(row)
        async with self._database.write() as session:
            return _config(await _ensured_row(session, project_id))

    async def set_event_filters(self, project_id: int, event_filters: Sequence[Any]) -> ClusteringConfig:
        """Replace all filters.

        Raises:
            FieldError: a text or number in them cannot be stored.
            StoreRejected: there is no such project.
        """
        filters = list(event_filters)
        check_value(filters, attr="event_filters")
        async with self._database.write() as session:
            current = await _ensured_row(session, project_id)
            statement = (
                update(ClusteringConfigRow)
                .where(ClusteringConfigRow.project_id == project_id)
                .values(event_filters=filters, updated_at=utc_now_after(current.updated_at))
                .returning(ClusteringConfigRow)
                .execution_options(**_AS_WRITTEN)
            )
            return _config((await session.scalars(statement)).one())


class SqlClusteringJobs:
    """`assay.ports.ClusteringJobRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, project_id: int, spec: ClusteringJobSpec) -> ClusteringJob:
        """Store a new job and switch off the default jobs of its level.

        Raises:
            FieldError: a text or number cannot be stored.
            LimitReached: the project has `MAX_JOBS` jobs.
            NameTaken: another job of the project has the name.
            StoreRejected: there is no such project.
        """
        columns = _columns(spec)
        async with self._database.write() as session:
            await _lock_jobs(session, project_id)
            await _require_room(session, project_id)
            await _require_free_name(session, project_id, spec.name)
            now = utc_now()
            await _switch_off_defaults(session, project_id, spec.analysis_level)
            statement = (
                insert(ClusteringJobRow)
                .values(id=new_id(), project_id=project_id, created_at=now, updated_at=now, **columns)
                .returning(ClusteringJobRow)
            )
            return _job((await session.scalars(statement)).one())

    async def require_room(self, project_id: int) -> None:
        """Find out early whether `create` would refuse any further job.

        Raises:
            LimitReached: the project has `MAX_JOBS` jobs.
        """
        async with self._database.read() as session:
            await _require_room(session, project_id)

    async def get(self, project_id: int, job_id: UUID) -> ClusteringJob | None:
        """One job, or None."""
        async with self._database.read() as session:
            row = await _find(session, project_id, job_id)
            return None if row is None else _job(row)

    async def list(self, project_id: int) -> list[ClusteringJob]:
        """All jobs of the project, oldest first."""
        statement = (
            select(ClusteringJobRow)
            .where(ClusteringJobRow.project_id == project_id)
            .order_by(ClusteringJobRow.created_at, ClusteringJobRow.id)
        )
        async with self._database.read() as session:
            return [_job(row) for row in await session.scalars(statement)]

    async def of_all_projects(self) -> Sequence[JobRef]:
        """The jobs of all projects, for the engine itself."""
        row = ClusteringJobRow
        statement = select(row.id, row.project_id, row.name, row.analysis_level, row.enabled)
        async with self._database.read() as session:
            found = await session.execute(statement.order_by(row.project_id, row.created_at, row.id))
            return [JobRef(**each) for each in found.mappings()]

    async def update(
        self, project_id: int, job_id: UUID, change: Callable[[ClusteringJob], ClusteringJobSpec]
    ) -> ClusteringJob | None:
        """Read, change and write while no other job of the project changes; None if there is none.

        `change` may raise; then nothing is written. It must not wait: others wait for it.

        Raises:
            FieldError: a text or number cannot be stored.
            NameTaken: another job of the project has the name.
        """
        async with self._database.write() as session:
            await _lock_jobs(session, project_id)
            row = await _find(session, project_id, job_id)
            if row is None:
                return None
            spec = change(_job(row))
            columns = _columns(spec)
            await _require_free_name(session, project_id, spec.name, except_for=job_id)
            statement = (
                update(ClusteringJobRow)
                .where(ClusteringJobRow.id == job_id)
                .values(updated_at=utc_now_after(row.updated_at), **columns)
                .returning(ClusteringJobRow)
                .execution_options(**_AS_WRITTEN)
            )
            return _job((await session.scalars(statement)).one())

    async def delete(self, project_id: int, job_id: UUID) -> bool:
        """Remove a job for good; whether there was one."""
        statement = (
            delete(ClusteringJobRow)
            .where(ClusteringJobRow.project_id == project_id, ClusteringJobRow.id == job_id)
            .returning(ClusteringJobRow.id)
        )
        async with self._database.write() as session:
            await _lock_jobs(session, project_id)
            return await session.scalar(statement) is not None


def _config(row: ClusteringConfigRow) -> ClusteringConfig:
    return ClusteringConfig(
        event_filters=tuple(row.event_filters), created_at=row.created_at, updated_at=row.updated_at
    )


async def _ensured_row(session: AsyncSession, project_id: int) -> ClusteringConfigRow:
    """The configuration's row, made if it is missing; nobody else makes or changes it meanwhile."""
    await exclusively(session, f"assay clustering config of project {project_id}")
    row = await session.get(ClusteringConfigRow, project_id)
    if row is None:
        now = utc_now()
        row = ClusteringConfigRow(project_id=project_id, event_filters=[], created_at=now, updated_at=now)
        session.add(row)
        await session.flush()
    return row


def _job(row: ClusteringJobRow) -> ClusteringJob:
    return ClusteringJob(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        analysis_level=row.analysis_level,
        event_filters=row.event_filters,
        enabled=row.enabled,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(spec: ClusteringJobSpec) -> dict[str, Any]:
    """What is stored of `spec`.

    Raises:
        FieldError: a text or number cannot be stored.
    """
    for attr in ("name", "event_filters"):
        check_value(getattr(spec, attr), attr=attr)
    return {
        "name": spec.name,
        "analysis_level": spec.analysis_level,
        "event_filters": spec.event_filters,
        "enabled": spec.enabled,
    }


async def _lock_jobs(session: AsyncSession, project_id: int) -> None:
    """Let one transaction at a time change the project's jobs: its rules are about all of them."""
    await exclusively(session, f"assay clustering jobs of project {project_id}")


async def _find(session: AsyncSession, project_id: int, job_id: UUID) -> ClusteringJobRow | None:
    found: ClusteringJobRow | None = await session.scalar(
        select(ClusteringJobRow).where(
            ClusteringJobRow.project_id == project_id, ClusteringJobRow.id == job_id
        )
    )
    return found


async def _require_room(session: AsyncSession, project_id: int) -> None:
    count = await session.scalar(
        select(func.count()).select_from(ClusteringJobRow).where(ClusteringJobRow.project_id == project_id)
    )
    if (count or 0) >= MAX_JOBS:
        raise LimitReached(f"Maximum of {MAX_JOBS} clustering jobs per project reached.")


async def _require_free_name(
    session: AsyncSession, project_id: int, name: str, *, except_for: UUID | None = None
) -> None:
    owner = await session.scalar(
        select(ClusteringJobRow.id).where(
            ClusteringJobRow.project_id == project_id, ClusteringJobRow.name == name
        )
    )
    if owner not in (None, except_for):
        raise NameTaken("A clustering job with this name already exists.")


async def _switch_off_defaults(session: AsyncSession, project_id: int, level: AnalysisLevel) -> None:
    # Not LIKE, which ignores the case of ASCII letters on SQLite.
    is_default = func.substr(ClusteringJobRow.name, 1, len(DEFAULT_JOB_PREFIX)) == DEFAULT_JOB_PREFIX
    await session.execute(
        update(ClusteringJobRow)
        .where(
            ClusteringJobRow.project_id == project_id,
            ClusteringJobRow.analysis_level == level,
            ClusteringJobRow.enabled,
            is_default,
        )
        .values(enabled=False, updated_at=utc_now())
    )
