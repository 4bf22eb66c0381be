"""Whether a stream has looked at what arrived, and which arrivals are to be looked through again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from assay.contracts.evaluation_batches import EvaluationStreamInput, Place, Position
from assay.contracts.reconcile import ProjectMark, Sweep


def stream_fault(
    stream: EvaluationStreamInput | None,
    active: Collection[UUID],
    last_arrival: Place | None,
    settled: datetime,
) -> str:
    """Why the stream of a project has to be woken; empty: it has not.

    Args:
        stream: its state; None if it does not run.
        active: the evaluations that judge what arrives.
        last_arrival: of the project, read before the state.
        settled: what arrived since then wakes the stream by itself.
    """
    if not active or last_arrival is None or last_arrival.ingested_at >= settled:
        return ""
    if stream is None:
        return "it did not run"
    busy = {batch.ref.evaluation_id for batch in stream.in_flight}
    for evaluation_id in active:
        position = stream.positions.get(evaluation_id)
        if position is None:
            return "it did not know an evaluation"
        if _is_behind(position, last_arrival) and evaluation_id not in busy:
            return "it had not looked at the last arrivals"
    return ""


def sweep_limits(
    stream: EvaluationStreamInput | None,
    active: Collection[UUID],
    last_arrival: Place | None,
    settled: datetime,
) -> dict[UUID, datetime]:
    """Evaluation id → up to when its arrivals may be looked through again; the arguments: see `stream_fault`.

    What the stream has not come to is left to it: it takes only as much as can be judged, and a sweep must
    not run ahead of it. An evaluation that it does not know yet has to wait.
    """
    limits = {}
    for evaluation_id in active:
        position = stream.positions.get(evaluation_id) if stream else None
        if position is not None:
            behind = last_arrival is not None and _is_behind(position, last_arrival)
            limits[evaluation_id] = min(settled, position.place.ingested_at) if behind else settled
    return limits


def sweep_of(mark: ProjectMark, evaluation_id: UUID) -> Sweep:
    """Where the sweep of an evaluation stands."""
    return mark.sweeps.get(evaluation_id) or Sweep(since=mark.swept, until=mark.swept)


def next_sweep(stands: Sweep, limit: datetime | None) -> Sweep | None:
    """The window to look through now; None: nothing.

    Args:
        limit: how far it may go; None: not at all.
    """
    if limit is None:
        return None
    if stands.before is not None:
        return stands
    return Sweep(since=stands.since, until=limit) if limit > stands.since else None


def finished(sweep: Sweep) -> Sweep:
    """Where a sweep stands whose window was looked through."""
    return Sweep(since=sweep.until, until=sweep.until)


def with_sweeps(mark: ProjectMark, sweeps: Mapping[UUID, Sweep]) -> ProjectMark:
    """The mark after sweeps went on; those that have come as far as the mark need no words."""
    merged = {**mark.sweeps, **sweeps}
    return mark.model_copy(
        update={
            "sweeps": {
                evaluation_id: sweep
                for evaluation_id, sweep in merged.items()
                if sweep.before is not None or sweep.since < mark.swept
            }
        }
    )


def _is_behind(position: Position, last_arrival: Place) -> bool:
    place = position.place
    return (place.ingested_at, place.uuid) < (last_arrival.ingested_at, last_arrival.uuid)
