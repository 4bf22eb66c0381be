"""Workflow ids. They are API: people search for them and equal ids mean equal work."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from assay.contracts.evaluations import EvaluationType

_PREFIX = {EvaluationType.LLM_JUDGE: "llma-llm-eval", EvaluationType.HOG: "llma-hog-eval"}


def epoch_milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970-01-01T00:00Z."""
    return round(instant.timestamp() * 1000)


def evaluation_run_id(
    evaluation_type: EvaluationType, evaluation_id: UUID, target: UUID, trigger: str
) -> str:
    """Id of a `run-evaluation` workflow."""
    return f"{_PREFIX[evaluation_type]}-{evaluation_id}-{target}-{trigger}"


def manual_trigger(requested_at: datetime) -> str:
    """The trigger of a run that a person or script asked for: each millisecond is a new request."""
    return f"manual-{epoch_milliseconds(requested_at)}"
