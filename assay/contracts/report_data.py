"""What reports read of the event store: windows, and results by their arrival."""

from __future__ import annotations

from uuid import UUID

from assay.contracts.base import Contract, UtcDatetime


class Window(Contract):
    """Results of one evaluation that arrived in [since, until)."""

    project_id: int
    evaluation_id: UUID
    since: UtcDatetime
    until: UtcDatetime


class Bucket(Contract):
    """Outcomes (`pass`, `fail`, `na`, …) in one hour or day, by arrival."""

    start: UtcDatetime
    counts: dict[str, int]


class ReportedResult(Contract):
    """One result as a report may show it.

    Attributes:
        outcome: `pass`, `fail`, `na`; or of sentiment.
        generation_id: uuid of the event that was judged, as text; empty where the verdict names none.
        score: of sentiment; None otherwise.
    """

    verdict_id: UUID
    outcome: str
    reasoning: str
    generation_id: str
    trace_id: str
    session_id: str
    timestamp: UtcDatetime
    ingested_at: UtcDatetime
    score: float | None = None
