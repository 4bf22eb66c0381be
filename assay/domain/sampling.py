"""Which of the arrivals are the sample of an evaluation, and how the sample is cut into batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from assay.contracts.evaluation_batches import MAX_BATCH_TARGETS, Arrival, BatchRef, Claim, Origin
from assay.contracts.evaluations import Evaluation
from assay.domain.conditions import CompiledConditions
from assay.domain.evaluations import verdict_event_id

MAX_IN_FLIGHT: Final = 8 * MAX_BATCH_TARGETS
"""Targets of one evaluation that wait for their verdicts; the rest stays in the event store."""

MAX_BATCHES_IN_FLIGHT: Final = 16
"""Batches of one evaluation, which are small while little arrives."""

_SHARED_FROM: Final = 4
"""More evaluations of a project than this share what this many may have in flight."""

MAX_BATCH_BYTES: Final = 64 * 1024 * 1024
"""Properties of the targets of one batch; a larger target has a batch of its own."""

AUTOMATIC: Final = ""
"""The trigger in the identity of verdicts that nobody asked for one by one."""


class Room(NamedTuple):
    """What an evaluation may claim now.

    Attributes:
        targets: at most.
        size: bytes of their properties, roughly: what fits the batches that may be started.
    """

    targets: int
    size: int


def room(in_flight: int, batches: int, *, evaluations: int = 1) -> Room:
    """How much more of an evaluation may be claimed.

    Args:
        in_flight: its targets that are in flight, in so many batches.
        evaluations: of the project that are active.
    """
    targets, most = _limits(evaluations)
    free = max(0, most - batches)
    return Room(max(0, targets - in_flight) if free else 0, free * MAX_BATCH_BYTES)


def has_room_again(in_flight: int, batches: int, *, evaluations: int = 1) -> bool:
    """Whether an evaluation that had no room goes on: with half of it, so that it claims many at a time."""
    targets, most = _limits(evaluations)
    return in_flight <= targets // 2 and batches <= most // 2


def _limits(evaluations: int) -> tuple[int, int]:
    """Targets and batches that one of so many evaluations may have in flight."""
    sharing = max(1, evaluations / _SHARED_FROM)
    targets = max(MAX_BATCH_TARGETS, int(MAX_IN_FLIGHT / sharing))
    return targets, max(2, int(MAX_BATCHES_IN_FLIGHT / sharing))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an evaluation takes of some arrivals.

    Attributes:
        taken: to be claimed, in order.
        seen: how many of the arrivals were looked at, from the first; the rest has to wait.
    """

    taken: Sequence[Arrival]
    seen: int


def choose(
    arrivals: Sequence[Arrival], admitted: Collection[UUID], known: Collection[UUID], *, room: Room
) -> Chosen:
    """Take what conditions admit and nobody has claimed, as long as there is room.

    Args:
        admitted: by the conditions.
        known: targets that were claimed before.
    """
    taken: dict[UUID, Arrival] = {}
    size = 0
    for seen, arrival in enumerate(arrivals):
        if arrival.uuid in known or arrival.uuid in taken or arrival.uuid not in admitted:
            continue
        size += arrival.size
        if len(taken) >= room.targets or (taken and size > room.size):
            return Chosen(list(taken.values()), seen)
        taken[arrival.uuid] = arrival
    return Chosen(list(taken.values()), len(arrivals))


def admitted(
    conditions: CompiledConditions,
    arrivals: Sequence[Arrival],
    properties: Mapping[UUID, Mapping[str, Any]],
    *,
    now: datetime,
) -> set[UUID]:
    """The arrivals that conditions admit.

    Args:
        properties: of the arrivals; one that is missing has none.
    """
    return {
        arrival.uuid
        for arrival in arrivals
        if conditions.match(str(arrival.uuid), properties.get(arrival.uuid, {}), now=now).condition_id
    }


def claims(
    evaluation: Evaluation, targets: Sequence[Arrival], *, dispatch_id: str, origin: Origin, first: int = 0
) -> Iterator[Claim]:
    """The claims on targets, batch by batch.

    Args:
        first: number of the first batch.
    """
    for number, batch in enumerate(batches(targets), first):
        ref = BatchRef(
            project_id=evaluation.project_id,
            evaluation_id=evaluation.id,
            dispatch_id=dispatch_id,
            number=number,
        )
        for target in batch:
            yield Claim(
                batch=ref,
                evaluation_version=evaluation.version,
                target=target.uuid,
                timestamp=target.timestamp,
                size=target.size,
                origin=origin,
                verdict_event_id=verdict_event_id(
                    project_id=evaluation.project_id,
                    evaluation_id=evaluation.id,
                    version=evaluation.version,
                    target=target.uuid,
                    trigger=AUTOMATIC,
                ),
            )


def batches(targets: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """Cut targets into batches of bounded number and size, in order."""
    return cut(targets, most=MAX_BATCH_TARGETS, most_bytes=MAX_BATCH_BYTES)


def cut(targets: Sequence[Arrival], *, most: int, most_bytes: int) -> Iterator[list[Arrival]]:
    """Cut targets into pieces, in order; one that is larger than a piece may be is a piece of its own."""
    piece: list[Arrival] = []
    size = 0
    for target in targets:
        if piece and (len(piece) >= most or size + target.size > most_bytes):
            yield piece
            piece, size = [], 0
        piece.append(target)
        size += target.size
    if piece:
        yield piece
