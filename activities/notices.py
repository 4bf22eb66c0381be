"""What people are told when the engine changes something of theirs by itself.

Whoever made a transition tells about it, once, after it is stored.
"""

from __future__ import annotations

import structlog

from assay.contracts.evaluations import Evaluation, FailEvaluationInput, StatusReason
from assay.contracts.provider_keys import EvaluationBrief
from assay.ports import Registry
from assay.temporal.metrics import EVALUATIONS_STOPPED

log = structlog.get_logger(__name__)


def evaluation_stopped(
    project_id: int, evaluation: Evaluation | EvaluationBrief, reason: StatusReason, because: str = ""
) -> None:
    """Tell that an evaluation was put into `error` and judges nothing until somebody enables it again.

    Args:
        because: what went wrong, in words for its author.
    """
    EVALUATIONS_STOPPED.labels(reason.value).inc()
    log.warning(
        "evaluation stopped",
        project_id=project_id,
        evaluation_id=str(evaluation.id),
        evaluation_name=evaluation.name,
        reason=reason.value,
        because=because,
    )


async def stop_evaluation(registry: Registry, failed: FailEvaluationInput, because: str = "") -> bool:
    """Put an active evaluation into `error` and tell about it, unless it has been repaired meanwhile.

    Args:
        because: see `evaluation_stopped`.

    Returns:
        True for the one call that made the transition. False leaves it as it is: it was stopped before,
        paused or deleted, or what failed does not hold for it any more.

    Raises:
        StoreUnavailable: the registry did not answer.
    """
    evaluation = await registry.evaluations.get(failed.project_id, failed.evaluation_id)
    if evaluation is None:
        return False
    stopped = await registry.evaluations.fail(
        failed.project_id,
        failed.evaluation_id,
        failed.reason,
        version=failed.version,
        active_since=failed.active_since,
    )
    if stopped:
        evaluation_stopped(failed.project_id, evaluation, failed.reason, because)
    return stopped
