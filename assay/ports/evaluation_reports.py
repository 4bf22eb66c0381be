"""Where evaluation reports are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from assay.contracts.evaluation_reports import EvaluationReport, EvaluationReportQuery, EvaluationReportSpec


class EvaluationReportRepository(Protocol):
    """Reports of all projects; every call names the project, so no project sees another's."""

    async def create(
        self, project_id: int, spec: EvaluationReportSpec, *, created_by: int | None
    ) -> EvaluationReport:
        """Store a new report."""

    async def get(
        self, project_id: int, report_id: UUID, *, include_deleted: bool = False
    ) -> EvaluationReport | None:
        """One report, or None."""

    async def list(self, project_id: int, query: EvaluationReportQuery) -> tuple[int, list[EvaluationReport]]:
        """Number of matching reports that are not deleted, and one page of them."""

    async def update(
        self,
        project_id: int,
        report_id: UUID,
        change: Callable[[EvaluationReport], EvaluationReportSpec],
    ) -> EvaluationReport | None:
        """Read, change and write under a row lock; None if there is none (deleted ones are found).

        `change` may raise; then nothing is written. It must not wait: others wait for it.
        """
