"""Evaluation reports in SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import and_

from assay.adapters.sql.authored import AuthoredRows
from assay.adapters.sql.database import Database
from assay.adapters.sql.lists import NEWEST_FIRST, Orders
from assay.adapters.sql.storable import check_value
from assay.adapters.sql.tables import EvaluationReportRow
from assay.contracts.access import User
from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportQuery, EvaluationReportSpec

_ORDERS = Orders({"created_at": EvaluationReportRow.created_at}, default=NEWEST_FIRST)
_CLIENT_TEXTS = ("rrule", "timezone_name", "delivery_targets", "report_prompt_guidance")


class SqlEvaluationReports:
    """`assay.ports.EvaluationReportRepository` on the registry's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = AuthoredRows(EvaluationReportRow, _report)

    async def create(
        self, project_id: int, spec: EvaluationReportSpec, *, created_by: int | None
    ) -> EvaluationReport:
        """Store a new report.

        Raises:
            FieldError: a text or number cannot be stored.
            StoreRejected: the spec breaks a rule of the table, or there is no such project, user or, in
                this project, evaluation.
        """
        columns = _columns(spec)
        async with self._database.write() as session:
            return await self._rows.insert(session, project_id, columns, created_by=created_by)

    async def get(
        self, project_id: int, report_id: UUID, *, include_deleted: bool = False
    ) -> EvaluationReport | None:
        """One report, or None."""
        conditions = [] if include_deleted else [~EvaluationReportRow.deleted]
        async with self._database.read() as session:
            return await self._rows.find(session, project_id, report_id, *conditions)

    async def list(self, project_id: int, query: EvaluationReportQuery) -> tuple[int, list[EvaluationReport]]:
        """Number of matching reports that are not deleted, and one page of them.

        Raises:
            FieldError: the query asks for an order that there is not.
        """
        matches = and_(EvaluationReportRow.project_id == project_id, ~EvaluationReportRow.deleted)
        if query.evaluation_id is not None:
            matches &= EvaluationReportRow.evaluation_id == query.evaluation_id
        async with self._database.read() as session:
            return await self._rows.page(session, matches, query, _ORDERS)

    async def update(
        self,
        project_id: int,
        report_id: UUID,
        change: Callable[[EvaluationReport], EvaluationReportSpec],
    ) -> EvaluationReport | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. It must not wait: others wait for it.

        Raises:
            FieldError: a text or number cannot be stored.
            StoreRejected: the changed report breaks a rule of the table, or the project has no such
                evaluation.
        """
        async with self._database.write() as session:
            return await self._rows.change(
                session, project_id, report_id, lambda current: _columns(change(current))
            )


def _columns(spec: EvaluationReportSpec) -> dict[str, Any]:
    """What is stored of `spec`.

    Raises:
        FieldError: a text or number cannot be stored.
    """
    for attr in _CLIENT_TEXTS:
        check_value(getattr(spec, attr), attr=attr)
    columns = {name: getattr(spec, name) for name in EvaluationReportSpec.model_fields}
    return columns | {"delivery_targets": list(spec.delivery_targets)}


def _report(row: EvaluationReportRow, _: User | None) -> EvaluationReport:
    columns = {name: getattr(row, name) for name in EvaluationReport.model_fields}
    return EvaluationReport(**columns | {"delivery_targets": tuple(row.delivery_targets)})
