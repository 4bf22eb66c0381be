"""Bodies of evaluation runs."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict

from assay.contracts.evaluations import Evaluation
from assay.contracts.events import GENERATION
from assay.contracts.wire import Instant, RequestModel, ResponseModel, Text, Uuid


class EvaluationRunRequest(RequestModel):
    """Which evaluation judges which event."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "evaluation_id": "0199d0a5-5a5e-7cc1-8e63-6f1c1f3b2a10",
                "target_event_id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
                "timestamp": "2026-11-21T09:30:00Z",
            }
        }
    )

    evaluation_id: Uuid
    """The evaluation; it may be disabled."""
    target_event_id: Uuid
    """uuid of the event to judge."""
    timestamp: Instant
    """Timestamp of the event; its UTC day is where the event is looked for."""
    event: Annotated[str, Text(max_length=200)] = GENERATION
    """Name of the event."""
    distinct_id: Annotated[str, Text(max_length=400)] | None = None
    """If given, the event must have it."""


class EvaluationReference(ResponseModel):
    """An evaluation, in short."""

    id: UUID
    name: str


class EvaluationRunResponse(ResponseModel):
    """A run that was started."""

    workflow_id: str
    """Id of the Temporal workflow."""
    status: Literal["started"]
    evaluation: EvaluationReference
    target_event_id: UUID

    @classmethod
    def of(cls, workflow_id: str, evaluation: Evaluation, target: UUID) -> EvaluationRunResponse:
        """The answer to a start."""
        reference = EvaluationReference(id=evaluation.id, name=evaluation.name)
        return cls(workflow_id=workflow_id, status="started", evaluation=reference, target_event_id=target)
