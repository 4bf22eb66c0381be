"""What the engine writes into evaluation reports: when they are due, and until when was reported."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update

from assay.adapters.sql.database import Database
from assay.adapters.sql.tables import EvaluationReportRow, ReportRunRow
from assay.contracts.evaluation_reports import ReportFrequency
from assay.contracts.report_runs import GenerationStatus
from assay.contracts.report_workflows import AdmittedRun


class SqlReportCalendar:
    """`assay.ports.ReportCalendar` on the registry's database.

    What is written here is not a change of the report by somebody: `updated_at` stays.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim_due(
        self, project_id: int, report_id: UUID, *, due: datetime, following: datetime | None
    ) -> bool:
        """Set the next delivery to `following` if it still is `due`; returns whether it was."""
        statement = (
            update(EvaluationReportRow)
            .where(_is_report(project_id, report_id), EvaluationReportRow.next_delivery_date == due)
            .values(next_delivery_date=following)
            .returning(EvaluationReportRow.id)
        )
        async with self._database.write() as session:
            return await session.scalar(statement) is not None

    async def set_reported_until(self, project_id: int, report_id: UUID, moment: datetime) -> None:
        """Set `last_delivered_at`, unless it is later already."""
        reported_until = EvaluationReportRow.last_delivered_at
        statement = (
            update(EvaluationReportRow)
            .where(_is_report(project_id, report_id), or_(reported_until.is_(None), reported_until < moment))
            .values(last_delivered_at=moment)
        )
        async with self._database.write() as session:
            await session.execute(statement)

    async def threshold_reports(self, project_id: int, evaluation_id: UUID) -> list[UUID]:
        """Reports of an evaluation that are enabled, not deleted, and go by a number of results."""
        statement = (
            select(EvaluationReportRow.id)
            .where(
                EvaluationReportRow.project_id == project_id,
                EvaluationReportRow.evaluation_id == evaluation_id,
                EvaluationReportRow.frequency == ReportFrequency.EVERY_N,
                EvaluationReportRow.enabled,
                ~EvaluationReportRow.deleted,
            )
            .order_by(EvaluationReportRow.id)
        )
        async with self._database.read() as session:
            return list(await session.scalars(statement))

    async def history(self, project_id: int, report_id: UUID, since: datetime) -> list[AdmittedRun]:
        """Runs of a report that were admitted at or after an instant, oldest first."""
        statement = (
            select(
                ReportRunRow.id,
                ReportRunRow.evaluation_id,
                ReportRunRow.trigger,
                ReportRunRow.created_at,
                ReportRunRow.period_start,
                ReportRunRow.period_end,
                ReportRunRow.generation_status,
            )
            .where(
                ReportRunRow.project_id == project_id,
                ReportRunRow.report_id == report_id,
                ReportRunRow.created_at >= since,
            )
            .order_by(ReportRunRow.created_at, ReportRunRow.id)
        )
        async with self._database.read() as session:
            return [
                AdmittedRun(
                    run_id=row.id,
                    evaluation_id=row.evaluation_id,
                    trigger=row.trigger,
                    admitted_at=row.created_at,
                    period_start=row.period_start,
                    period_end=row.period_end,
                    generation=row.generation_status or GenerationStatus.PENDING,
                )
                for row in await session.execute(statement)
            ]

    async def all_live(self, after: UUID | None, limit: int) -> list[tuple[int, UUID]]:
        """(project, report) of all reports that are not deleted, in order of their ids, a page at a time."""
        statement = (
            select(EvaluationReportRow.project_id, EvaluationReportRow.id)
            .where(~EvaluationReportRow.deleted)
            .order_by(EvaluationReportRow.id)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(EvaluationReportRow.id > after)
        async with self._database.read() as session:
            return [(project_id, report_id) for project_id, report_id in await session.execute(statement)]


def _is_report(project_id: int, report_id: UUID) -> ColumnElement[bool]:
    return and_(EvaluationReportRow.id == report_id, EvaluationReportRow.project_id == project_id)
