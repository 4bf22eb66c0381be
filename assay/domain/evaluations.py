"""How an evaluation's status, version and identity follow from what clients decide."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from assay.contracts.evaluations import Evaluation, EvaluationSpec, EvaluationStatus, StatusReason

VERDICT_NAMESPACE = UUID("6f1d5c1e-7a57-5f0c-9a5e-0a55a7e0a11d")
"""Namespace of verdict ids (RFC 9562 UUIDv5). Changing it would make every verdict a new one."""

_DECIDES_VERDICTS = ("evaluation_type", "output_type", "output_config")


class State(NamedTuple):
    """The part of a stored evaluation that the engine derives; see `Evaluation`."""

    status: EvaluationStatus
    status_reason: StatusReason | None
    active_since: datetime | None
    version: int


def entered(
    status: EvaluationStatus, reason: StatusReason | None = None, *, now: datetime, version: int
) -> State:
    """State of an evaluation whose status has just become this one."""
    return State(status, reason, now if status is EvaluationStatus.ACTIVE else None, version)


def initial_state(spec: EvaluationSpec, now: datetime) -> State:
    """State of a new evaluation: active if enabled, else paused."""
    return entered(_decided_status(spec), now=now, version=1)


def next_state(current: Evaluation, spec: EvaluationSpec, now: datetime) -> State:
    """State after `current` was changed to `spec`.

    A change of `enabled` drives the status and clears its reason. Otherwise the status stays: switching
    off an evaluation that is in `error` changes nothing, because it is not enabled already. One that is
    restored has not judged while it was deleted, so being active begins anew.

    Args:
        now: when it was changed.
    """
    version = current.version + (_verdict_basis(current) != _verdict_basis(spec))
    if spec.enabled != current.enabled:
        return entered(_decided_status(spec), now=now, version=version)
    if current.deleted and not spec.deleted:
        return entered(current.status, current.status_reason, now=now, version=version)
    return State(current.status, current.status_reason, current.active_since, version)


def _decided_status(spec: EvaluationSpec) -> EvaluationStatus:
    return EvaluationStatus.ACTIVE if spec.enabled else EvaluationStatus.PAUSED


def _verdict_basis(spec: EvaluationSpec) -> tuple[object, ...]:
    """What decides verdicts: the model, not the key that pays for it; the source, not its compiled form."""
    configured = spec.model_configuration
    model = None if configured is None else (configured.provider, configured.model)
    config = {name: value for name, value in spec.evaluation_config.items() if name != "bytecode"}
    return (*(getattr(spec, field) for field in _DECIDES_VERDICTS), config, model)


def verdict_event_id(
    *, project_id: int, evaluation_id: UUID, version: int, target: UUID, trigger: str
) -> UUID:
    """Identity of a verdict: the uuid of its `$ai_evaluation` event.

    Whoever judges the same target with the same version of an evaluation for the same trigger writes the
    same row, so a retry, a redelivery or a second worker cannot make a second verdict.

    Args:
        trigger: empty for automatic judging; names the request when a rerun is wanted.
    """
    return uuid5(VERDICT_NAMESPACE, f"{project_id}/{evaluation_id}/{version}/{target}/{trigger}")
