"""Contracts of reconciling, filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from assay.contracts.evaluation_batches import (
    BatchRef,
    Claim,
    ClaimedBatch,
    EvaluationStreamInput,
    Origin,
    Place,
    Position,
)
from assay.contracts.evaluations import EvaluationType
from assay.contracts.reconcile import Gap, Hold
from assay.domain.evaluations import verdict_event_id

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EVALUATION = UUID(int=7)
OTHER = UUID(int=8)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def a_ref(dispatch: str = "d", number: int = 0, evaluation_id: UUID = EVALUATION) -> BatchRef:
    return BatchRef(project_id=1, evaluation_id=evaluation_id, dispatch_id=dispatch, number=number)


def a_claim(target: int = 1, *, version: int = 1, ref: BatchRef | None = None, **changes: Any) -> Claim:
    ref = ref or a_ref()
    uuid = UUID(int=target)
    values: dict[str, Any] = {
        "batch": ref,
        "evaluation_version": version,
        "target": uuid,
        "timestamp": ago(hours=1),
        "size": 100,
        "origin": Origin.LIVE,
        "verdict_event_id": verdict_event_id(
            project_id=1, evaluation_id=ref.evaluation_id, version=version, target=uuid, trigger=""
        ),
    }
    return Claim.model_validate(values | changes)


def a_batch(ref: BatchRef | None = None, size: int = 1) -> ClaimedBatch:
    return ClaimedBatch(
        ref=ref or a_ref(), evaluation_name="Short", evaluation_type=EvaluationType.HOG, size=size
    )


def a_gap(dispatch: str = "d") -> Gap:
    return Gap(batch=a_batch(a_ref(dispatch)), origin=Origin.LIVE)


def a_hold(oldest: datetime, newest: datetime | None = None, **changes: Any) -> Hold:
    values: dict[str, Any] = {
        "evaluation_id": EVALUATION,
        "origin": Origin.LIVE,
        "oldest": oldest,
        "newest": newest or oldest,
        "claims": 1,
    }
    return Hold.model_validate(values | changes)


def a_place(at: datetime, uuid: int = 0) -> Place:
    return Place(ingested_at=at, uuid=UUID(int=uuid))


def a_stream(
    positions: dict[UUID, Place] | None = None, in_flight: tuple[ClaimedBatch, ...] = ()
) -> EvaluationStreamInput:
    return EvaluationStreamInput(
        project_id=1,
        positions={
            evaluation_id: Position(since=place.ingested_at, place=place)
            for evaluation_id, place in (positions or {}).items()
        },
        in_flight=in_flight,
    )
