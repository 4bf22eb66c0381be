"""Runs of evaluation reports in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import NEWEST_FIRST, Orders, counted_page
from assay.adapters.sql.storable import storable
from assay.adapters.sql.tables import ReportDeliveryRow, ReportMessageRow, ReportRunRow, every_json
from assay.adapters.sql.upserts import inserting
from assay.contracts.report_runs import (
    Delivery,
    DeliveryStatus,
    GenerationStatus,
    Recipient,
    ReportContent,
    ReportRun,
    ReportRunQuery,
    TranscriptEntry,
)
from assay.errors import StoreRejected

_ORDERS = Orders({"created_at": ReportRunRow.created_at}, default=NEWEST_FIRST)
_UNWRITTEN = (GenerationStatus.PENDING, GenerationStatus.FAILED)
_MODIFIED = ("content", "delivery_errors", "model")
"""What is not stored just as the run has it."""


class SqlReportRuns:
    """`assay.ports.ReportRunRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, run: ReportRun) -> ReportRun:
        """Store a run, or find it: a run with this id that is there already stays as it is.

        Raises:
            StoreRejected: the project has no such report or evaluation, or the run is another project's.
        """
        columns = {name: getattr(run, name) for name in ReportRun.model_fields if name not in _MODIFIED}
        columns |= _content_columns(run.content, run.model) | {"delivery_errors": list(run.delivery_errors)}
        async with self._database.write() as session:
            statement = inserting(session, ReportRunRow).values(**columns)
            await session.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
            return await _stored(session, run.project_id, run.id)

    async def get(self, project_id: int, run_id: UUID) -> ReportRun | None:
        """One run, or None."""
        async with self._database.read() as session:
            return await _find(session, project_id, run_id)

    async def find(self, run_id: UUID) -> ReportRun | None:
        """One run of whichever project, or None."""
        async with self._database.read() as session:
            row = await session.scalar(select(ReportRunRow).where(ReportRunRow.id == run_id))
        return None if row is None else _run(row)

    async def begin_period(self, project_id: int, run_id: UUID, start: datetime) -> ReportRun:
        """Store where the period of a run begins, unless somebody has; returns the run as it is stored.

        Raises:
            StoreRejected: there is no such run, or its period would end before it begins.
        """
        # In the statement itself, as below: two attempts may have worked out different ones.
        is_open = ReportRunRow.period_start == ReportRunRow.period_end
        statement = update(ReportRunRow).where(_is_run(project_id, run_id), is_open)
        async with self._database.write() as session:
            await session.execute(statement.values(period_start=start))
            return await _stored(session, project_id, run_id)

    async def write_content(
        self,
        project_id: int,
        run_id: UUID,
        content: ReportContent,
        *,
        model: str | None,
        cost_usd: float | None,
    ) -> ReportRun:
        """Store what a run found and wrote, unless it is as far already; returns the run as it is stored.

        Raises:
            StoreRejected: there is no such run.
        """
        columns = _content_columns(content, model) | {"cost_usd": cost_usd}
        # In the statement itself: a late attempt must not put other numbers over those that a model writes
        # about, nor any over the report that they became.
        is_earlier: ColumnElement[bool] = ReportRunRow.generation_status.is_(None)
        if content.generation_status is not GenerationStatus.PENDING:
            is_earlier |= ReportRunRow.generation_status == GenerationStatus.PENDING
        statement = update(ReportRunRow).where(_is_run(project_id, run_id), is_earlier).values(**columns)
        async with self._database.write() as session:
            await session.execute(statement)
            return await _stored(session, project_id, run_id)

    async def record_delivery(
        self, project_id: int, run_id: UUID, status: DeliveryStatus, errors: Sequence[str]
    ) -> None:
        """Store what became of the deliveries.

        Raises:
            StoreRejected: there is no such run.
        """
        statement = (
            update(ReportRunRow)
            .where(_is_run(project_id, run_id))
            .values(delivery_status=status, delivery_errors=list(errors))
            .returning(ReportRunRow.id)
        )
        async with self._database.write() as session:
            if await session.scalar(statement) is None:
                raise _no_run(run_id)

    async def transcript(self, project_id: int, run_id: UUID) -> list[TranscriptEntry]:
        """The messages so far, in order."""
        statement = (
            select(ReportMessageRow)
            .where(ReportMessageRow.run_id == run_id, ReportMessageRow.project_id == project_id)
            .order_by(ReportMessageRow.number)
        )
        async with self._database.read() as session:
            return [_entry(row) for row in await session.scalars(statement)]

    async def add_message(self, project_id: int, run_id: UUID, entry: TranscriptEntry) -> TranscriptEntry:
        """Store a message, or find the one that is there with this number.

        Raises:
            StoreRejected: there is no such run.
        """
        place = {"run_id": run_id, "number": entry.number}
        columns = {name: getattr(entry, name) for name in TranscriptEntry.model_fields}
        is_here = and_(
            ReportMessageRow.project_id == project_id,
            *(getattr(ReportMessageRow, k) == v for k, v in place.items()),
        )
        async with self._database.write() as session:
            statement = inserting(session, ReportMessageRow).values(
                run_id=run_id, project_id=project_id, **columns
            )
            await session.execute(statement.on_conflict_do_nothing(index_elements=[*place]))
            row = await session.scalar(select(ReportMessageRow).where(is_here))
            if row is None:
                raise _no_run(run_id)
            return _entry(row)

    async def forget_transcripts(self, before: datetime) -> int:
        """Remove the transcripts of runs that were created earlier; returns how many messages."""
        old = select(ReportRunRow.id).where(ReportRunRow.created_at < before)
        statement = (
            delete(ReportMessageRow)
            .where(ReportMessageRow.run_id.in_(old))
            .returning(ReportMessageRow.number)
        )
        async with self._database.write() as session:
            return len((await session.scalars(statement)).all())

    async def deliveries(self, project_id: int, run_id: UUID) -> list[Delivery]:
        """What is known of the deliveries of a run, by recipient key."""
        statement = select(ReportDeliveryRow).where(
            ReportDeliveryRow.run_id == run_id, ReportDeliveryRow.project_id == project_id
        )
        async with self._database.read() as session:
            found = [_delivery(row) for row in await session.scalars(statement)]
        return sorted(found, key=lambda delivery: delivery.recipient.key)

    async def save_delivery(
        self, project_id: int, delivery: Delivery, *, over: Delivery | None = None
    ) -> Delivery:
        """Store what was reached for one recipient if `over` still is what is known of it.

        Returns:
            What is stored now; what somebody else stored meanwhile stays as it is.

        Raises:
            StoreRejected: there is no such run, or nothing was ever stored for the recipient.
        """
        place = {"run_id": delivery.run_id, "recipient_key": delivery.recipient.key}
        columns = _delivery_columns(delivery)
        is_here = and_(
            ReportDeliveryRow.project_id == project_id,
            *(getattr(ReportDeliveryRow, k) == v for k, v in place.items()),
        )
        async with self._database.write() as session:
            if over is None:
                statement = inserting(session, ReportDeliveryRow).values(
                    project_id=project_id, **place, **columns
                )
                await session.execute(statement.on_conflict_do_nothing(index_elements=[*place]))
            row = await session.scalar(select(ReportDeliveryRow).where(is_here).with_for_update())
            if row is None:
                raise _no_run(delivery.run_id)
            if _delivery(row) == over:
                for name, value in columns.items():
                    setattr(row, name, value)
            return _delivery(row)

    async def list(
        self, project_id: int, report_id: UUID, query: ReportRunQuery
    ) -> tuple[int, list[ReportRun]]:
        """Number of runs of a report that ended with something to read, and one page, newest first.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(
            ReportRunRow.project_id == project_id,
            ReportRunRow.report_id == report_id,
            ReportRunRow.generation_status.not_in(_UNWRITTEN),
        )
        async with self._database.read() as session:
            count, rows = await counted_page(
                session,
                select(ReportRunRow),
                ReportRunRow,
                matches=matches,
                query=query,
                orders=_ORDERS,
                size=ReportRunRow.content_size,
            )
            return count, [_run(row) for (row,) in rows]


def _is_run(project_id: int, run_id: UUID) -> ColumnElement[bool]:
    return and_(ReportRunRow.id == run_id, ReportRunRow.project_id == project_id)


async def _find(session: AsyncSession, project_id: int, run_id: UUID) -> ReportRun | None:
    row = await session.scalar(
        select(ReportRunRow).where(_is_run(project_id, run_id)).execution_options(populate_existing=True)
    )
    return None if row is None else _run(row)


async def _stored(session: AsyncSession, project_id: int, run_id: UUID) -> ReportRun:
    """The run, as the database keeps it.

    Raises:
        StoreRejected: there is none.
    """
    found = await _find(session, project_id, run_id)
    if found is None:
        raise _no_run(run_id)
    return found


def _no_run(run_id: UUID) -> StoreRejected:
    return StoreRejected(f"The project has no run {run_id} of a report.")


def _content_columns(content: ReportContent | None, model: str | None) -> dict[str, Any]:
    """The columns that follow from what was written."""
    document = None if content is None else content.model_dump(mode="json")
    return {
        "content": document,
        "content_size": 0 if document is None else len(every_json(document)),
        "generation_status": None if content is None else content.generation_status,
        "model": None if model is None else storable(model),
    }


def _run(row: ReportRunRow) -> ReportRun:
    columns = {name: getattr(row, name) for name in ReportRun.model_fields}
    content = None if row.content is None else ReportContent.model_validate(row.content)
    return ReportRun(**columns | {"content": content, "delivery_errors": tuple(row.delivery_errors)})


def _delivery_columns(delivery: Delivery) -> dict[str, Any]:
    recipient, error = delivery.recipient, delivery.error
    return {
        "kind": recipient.kind,
        "address": recipient.address,
        "integration_id": recipient.integration_id,
        "receipt": delivery.receipt,
        "is_done": delivery.is_done,
        "error": None if error is None else storable(error),
        "updated_at": utc_now(),
    }


def _entry(row: ReportMessageRow) -> TranscriptEntry:
    return TranscriptEntry(**{name: getattr(row, name) for name in TranscriptEntry.model_fields})


def _delivery(row: ReportDeliveryRow) -> Delivery:
    recipient = Recipient(
        key=row.recipient_key, kind=row.kind, address=row.address, integration_id=row.integration_id
    )
    return Delivery(
        run_id=row.run_id, recipient=recipient, receipt=row.receipt, is_done=row.is_done, error=row.error
    )
