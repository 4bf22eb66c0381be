"""Which report, and which run of one, in messages of their workflows."""

from __future__ import annotations

from uuid import UUID

from assay.contracts.base import HistoryContract


class ReportRef(HistoryContract):
    """Which report."""

    project_id: int
    report_id: UUID


class RunRef(HistoryContract):
    """Which run."""

    project_id: int
    run_id: UUID
