"""The rows of report runs, in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from assay.contracts.report_run_workflows import ReportRunInput
from assay.contracts.report_runs import GenerationStatus, ReportContent, ReportRun, TranscriptEntry
from assay.contracts.report_workflows import AdmittedRun


@dataclass
class ReportRows:
    """As much of `assay.ports.ReportRunRepository` as deciding on runs needs.

    Attributes:
        meet: called with the name of what is done; raises what goes wrong with it.
        before_record, after_record: awaited when a run is recorded, before its row is there and after.
        forgotten: up to when transcripts were removed, each time.
    """

    meet: Callable[[str], None]
    before_record: Callable[[], Awaitable[object]] | None = None
    after_record: Callable[[], Awaitable[object]] | None = None
    forgotten: list[datetime] = field(default_factory=list)
    _rows: dict[UUID, ReportRun] = field(default_factory=dict)

    async def create(self, run: ReportRun) -> ReportRun:
        if self.before_record is not None:
            await self.before_record()
        self.meet("record")
        stored = self._rows.setdefault(run.id, run)
        if self.after_record is not None:
            await self.after_record()
        return stored

    async def get(self, project_id: int, run_id: UUID) -> ReportRun | None:
        return self._rows.get(run_id)

    async def write_content(
        self, project_id: int, run_id: UUID, content: ReportContent, *, model: None, cost_usd: None
    ) -> ReportRun:
        self.meet("write")
        run = self._rows[run_id]
        if run.content is None:
            run = self._rows[run_id] = run.model_copy(update={"content": content})
        return run

    async def transcript(self, project_id: int, run_id: UUID) -> list[TranscriptEntry]:
        return []

    async def forget_transcripts(self, before: datetime) -> int:
        self.forgotten.append(before)
        return 0

    @property
    def ids(self) -> list[UUID]:
        """Of all runs that were recorded."""
        return list(self._rows)

    def admitted(self, report_id: UUID, since: datetime) -> list[AdmittedRun]:
        found = [row for row in self._rows.values() if row.report_id == report_id and row.created_at >= since]
        return [_admitted(row) for row in sorted(found, key=lambda row: row.created_at)]

    def generation(self, run: ReportRunInput) -> GenerationStatus:
        return _admitted(self._rows[run.run_id]).generation


def _admitted(run: ReportRun) -> AdmittedRun:
    return AdmittedRun(
        run_id=run.id,
        evaluation_id=run.evaluation_id,
        trigger=run.trigger,
        admitted_at=run.created_at,
        period_start=run.period_start,
        period_end=run.period_end,
        generation=GenerationStatus.PENDING if run.content is None else run.content.generation_status,
    )
