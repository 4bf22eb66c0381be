"""Where runs of evaluation reports are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from assay.contracts.report_runs import (
    Delivery,
    DeliveryStatus,
    ReportContent,
    ReportRun,
    ReportRunQuery,
    TranscriptEntry,
)
from assay.contracts.report_workflows import AdmittedRun


class ReportRunRepository(Protocol):
    """Runs of all projects; every call but `find` names the project."""

    async def create(self, run: ReportRun) -> ReportRun:
        """Store a run, or find it: a run with this id that is there already stays as it is."""

    async def get(self, project_id: int, run_id: UUID) -> ReportRun | None:
        """One run, or None."""

    async def find(self, run_id: UUID) -> ReportRun | None:
        """One run of whichever project, or None: for links that open a run without naming its project."""

    async def begin_period(self, project_id: int, run_id: UUID, start: datetime) -> ReportRun:
        """Store where the period of a run begins, unless somebody has: an empty period is not worked out.

        Returns:
            The run as it is stored now.
        """

    async def write_content(
        self,
        project_id: int,
        run_id: UUID,
        content: ReportContent,
        *,
        model: str | None,
        cost_usd: float | None,
    ) -> ReportRun:
        """Store what a run found and wrote, unless it is as far already.

        Pending content comes where there is none, and a report where none is written yet: an attempt that
        comes late changes nothing.

        Returns:
            The run as it is stored now.
        """

    async def record_delivery(
        self, project_id: int, run_id: UUID, status: DeliveryStatus, errors: Sequence[str]
    ) -> None:
        """Store what became of the deliveries."""

    async def transcript(self, project_id: int, run_id: UUID) -> list[TranscriptEntry]:
        """The messages so far, in order."""

    async def add_message(self, project_id: int, run_id: UUID, entry: TranscriptEntry) -> TranscriptEntry:
        """Store a message, or find the one that is there with this number."""

    async def forget_transcripts(self, before: datetime) -> int:
        """Remove the transcripts of runs that were created earlier; returns how many messages."""

    async def deliveries(self, project_id: int, run_id: UUID) -> list[Delivery]:
        """What is known of the deliveries of a run, by recipient key."""

    async def save_delivery(
        self, project_id: int, delivery: Delivery, *, over: Delivery | None = None
    ) -> Delivery:
        """Store what was reached for one recipient if nobody else has stored anything meanwhile.

        Args:
            over: what the caller knows to be stored; None: nothing is.

        Returns:
            What is stored now. If that is not `delivery`, somebody else is delivering too, or has.
        """

    async def list(
        self, project_id: int, report_id: UUID, query: ReportRunQuery
    ) -> tuple[int, list[ReportRun]]:
        """Number of runs of a report that ended with something to read, and one page, newest first."""


class ReportCalendar(Protocol):
    """What the engine writes into reports themselves, and what it remembers them by."""

    async def claim_due(
        self, project_id: int, report_id: UUID, *, due: datetime, following: datetime | None
    ) -> bool:
        """Set the next delivery to `following` if it still is `due`; returns whether it was."""

    async def set_reported_until(self, project_id: int, report_id: UUID, moment: datetime) -> None:
        """Set `last_delivered_at`, unless it is later already."""

    async def threshold_reports(self, project_id: int, evaluation_id: UUID) -> list[UUID]:
        """Reports of an evaluation that are enabled, not deleted, and go by a number of results."""

    async def history(self, project_id: int, report_id: UUID, since: datetime) -> Sequence[AdmittedRun]:
        """Runs of a report that were admitted at or after an instant, oldest first."""

    async def all_live(self, after: UUID | None, limit: int) -> list[tuple[int, UUID]]:
        """(project, report) of all reports that are not deleted, in order of their ids, a page at a time."""
