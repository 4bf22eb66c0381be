"""Whether an evaluation judges at this moment, and if not, why: one word that people read."""

from __future__ import annotations

from typing import Final

from assay.contracts.evaluation_batches import Origin
from assay.contracts.evaluations import Evaluation, EvaluationStatus, EvaluationType

DELETED: Final = "deleted"
PAUSED: Final = "paused"
ERROR: Final = "error"
TYPE_CHANGED: Final = "evaluation_type_changed"
CONSENT_MISSING: Final = "ai_consent_missing"
NOT_RUNNING: Final = "not_running"
"""Of a batch: it ended without a word."""


def obstacle(evaluation: Evaluation | None, origin: Origin, *, consent: bool) -> str | None:
    """Why an evaluation judges nothing now; None: it judges.

    A paused evaluation leaves live traffic alone and can still be asked to judge history. A judge sends the
    trace to a third party, to which the organisation must have agreed.

    Args:
        evaluation: None if there is none any more.
        consent: of the organisation to AI data processing.

    Returns:
        A word of this module, or the reason that put the evaluation into `error`.
    """
    if evaluation is None or evaluation.deleted:
        return DELETED
    if evaluation.status is EvaluationStatus.ERROR:
        return evaluation.status_reason or ERROR
    if evaluation.status is EvaluationStatus.PAUSED and origin is Origin.LIVE:
        return PAUSED
    if evaluation.evaluation_type is EvaluationType.LLM_JUDGE and not consent:
        return CONSENT_MISSING
    return None
