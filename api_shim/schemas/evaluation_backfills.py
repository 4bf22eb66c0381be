"""Bodies of backfills."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from api_shim.schemas.evaluation_runs import EvaluationReference
from assay.contracts.evaluation_backfills import BackfillProgress, BackfillRequest, BackfillStatus
from assay.contracts.wire import Instant, RequestModel, ResponseModel, Timestamp, Uuid
from assay.temporal.ids import evaluation_backfill_id


class EvaluationBackfillRequest(RequestModel):
    """Which evaluation judges which part of history."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "evaluation_id": "0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10",
                "since": "2026-11-01T00:00:00Z",
                "until": "2026-11-21T00:00:00Z",
            }
        }
    )

    evaluation_id: Uuid
    """The evaluation; it may be paused."""
    since: Instant
    """Beginning of the window of timestamps, 1970 or later."""
    until: Instant | None = None
    """End of the window, exclusive. Now if it is not given, and at the latest."""


class BackfillReference(ResponseModel):
    """A backfill, in short."""

    id: UUID
    workflow_id: str
    """Id of the Temporal workflow."""
    evaluation: EvaluationReference
    """The evaluation, named as it was when the backfill was asked for."""
    status: BackfillStatus
    """`cancelling`: what is claimed is still judged. `stopped`: it ended early, and nobody asked for that."""
    since: Timestamp
    until: Timestamp
    requested_by: str
    """E-mail address of the user who asked for it."""
    created_at: Timestamp

    @staticmethod
    def of(asked: BackfillRequest, status: BackfillStatus) -> BackfillReference:
        """The representation of what was asked for."""
        return BackfillReference(
            id=asked.backfill_id,
            workflow_id=evaluation_backfill_id(asked.backfill_id),
            evaluation=EvaluationReference(id=asked.evaluation_id, name=asked.evaluation_name),
            status=status,
            since=asked.since,
            until=asked.until,
            requested_by=asked.requested_by,
            created_at=asked.requested_at,
        )


class BackfillResponse(BackfillReference):
    """A backfill and how far it is."""

    reason: str | None
    """Why it paused or stopped by itself; null if it did not."""
    last_error: str | None
    """A sentence that tells more, or what was last repaired."""
    done: float | None
    """Share of the window that is through, 0 to 1; null if the window could not be counted."""
    total: int | None
    """Generations of the window, counted at the start."""
    seen: int
    """Generations looked at: those of the three kinds that follow."""
    filtered: int
    """Not admitted by the conditions of the evaluation."""
    known: int
    """Judged or claimed for this version of the evaluation before."""
    claimed: int
    """Claimed by this backfill."""
    judged: int
    """Verdicts that it reached, skipped targets included."""
    recorded_before: int
    """Of the claimed: those that had a verdict when their turn came."""
    outstanding: int
    """Of the claimed: those in batches that have not come to their end."""
    unreported: int
    """Of the claimed: those in batches that ended without telling what became of them."""
    batches_in_flight: int
    outcomes: dict[str, int]
    """`pass`, `fail`, `not_applicable`, `skipped` → verdicts."""
    skip_reasons: dict[str, int]
    input_tokens: int
    output_tokens: int
    cost_usd: float
    """Of the model calls with a known price."""
    unpriced: int
    """Model calls without one."""
    remaining_cost_usd: float | None
    """What is left will cost about this, if it is like what was seen; null while too little is known."""
    remaining_seconds: float | None
    """It will take about this long, pauses not counted; null while too little is known."""

    @classmethod
    def of_progress(cls, progress: BackfillProgress) -> BackfillResponse:
        """The representation of `progress`."""
        fields: dict[str, Any] = dict(BackfillReference.of(progress, progress.status))
        fields |= {name: getattr(progress, name) for name in cls.model_fields if name not in fields}
        return cls(**fields)
