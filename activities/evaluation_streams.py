"""Activities of `evaluation-stream`: find what is to be judged, and claim it.

A claim is written before anything is started, and nobody but the stream of a project writes claims. An
attempt whose result was lost has left its claims: the next one finds them by the id of the dispatch.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from temporalio import activity

from activities.claim_pages import ClaimPages
from activities.claiming import batches_of, claimed_before, new_claims
from activities.evaluation_states import EvaluationStates
from activities.matching import Matching
from assay.contracts.evaluation_batches import (
    Arrival,
    Claim,
    ClaimedPage,
    ClaimPageInput,
    Dispatched,
    DispatchInput,
    Origin,
    Position,
)
from assay.contracts.evaluations import Evaluation, EvaluationType
from assay.domain.arrivals import late_seconds, look_back_from, passed, starting_at
from assay.domain.sampling import Room, choose, room
from assay.ports import EvaluationTargets, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import MATCHES

_MOST = 2_000
"""Arrivals that are looked at together."""

_LEAST = 200
"""And at least, however little room there is."""

_SECONDS = 30.0
"""After which a dispatch leaves the rest to the next one: what it has found is to be judged."""


@dataclass(frozen=True, slots=True)
class _Lane:
    """An active evaluation, where it stands, and what it may take."""

    evaluation: Evaluation
    position: Position
    room: Room


@dataclass(frozen=True, slots=True)
class _Step:
    """What one evaluation does in a dispatch.

    Attributes:
        stays: it has no room for what is left.
        more: there may be more that it has room for.
    """

    evaluation: Evaluation
    position: Position
    taken: Sequence[Arrival] = ()
    seen: int = 0
    stays: bool = False
    more: bool = False


@dataclass(slots=True)
class _Found:
    """What a dispatch has come to so far."""

    claimed: list[Claim]
    steps: list[_Step] = field(default_factory=list)


class EvaluationStreamActivities:
    """Claims targets."""

    def __init__(self, *, registry: Registry, targets: EvaluationTargets, states: EvaluationStates) -> None:
        self._registry = registry
        self._targets = targets
        self._states = states
        self._matching = Matching(targets)
        self._pages = ClaimPages(targets, self._matching)

    @activity.defn(name="dispatch-targets")
    async def dispatch(self, given: DispatchInput) -> Dispatched:
        """Claim what arrived and is to be judged, for each active evaluation from where it stands.

        Raises:
            StoreUnavailable: a store did not answer; some of it may be claimed.
        """
        async with heartbeating():
            evaluations = await self._registry.evaluations.active(given.project_id)
            consent = await self._states.consent(given.project_id, *evaluations)
            again = given.again or activity.info().attempt > 1
            return await asyncio.to_thread(self._dispatch, given, evaluations, consent=consent, again=again)

    @activity.defn(name="claim-page")
    async def claim_page(self, given: ClaimPageInput) -> ClaimedPage:
        """Claim a page of what arrived before: history for a backfill, or what the stream has missed.

        Raises:
            StoreUnavailable: a store did not answer; some of it may be claimed.
        """
        async with heartbeating():
            state = await self._states.now(given.project_id, given.evaluation_id)
            stopped = state.obstacle(given.origin)
            if stopped is not None or state.evaluation is None:
                return ClaimedPage(stopped=stopped, before=given.before)
            return await asyncio.to_thread(self._pages.claim, given, state.evaluation)

    def _dispatch(
        self, given: DispatchInput, evaluations: Sequence[Evaluation], *, consent: bool, again: bool
    ) -> Dispatched:
        """Group by group of evaluations that stand at the same position, as long as there is time."""
        ends = time.monotonic() + _SECONDS
        found = _Found(self._targets.claims_of(given.project_id, given.dispatch_id) if again else [])
        lanes = [_lane(evaluation, given, found.claimed, len(evaluations)) for evaluation in evaluations]
        for position, same in _together(lanes):
            going = [lane for lane in same if lane.room.targets > 0]
            stays = [lane for lane in same if lane.room.targets <= 0]
            found.steps += [_Step(lane.evaluation, position, stays=True) for lane in stays]
            if time.monotonic() >= ends:
                found.steps += [_Step(lane.evaluation, position, more=True) for lane in going]
            elif going:
                self._advance(given, position, going, found, consent=consent)
        return _result(found, evaluations)

    def _advance(
        self,
        given: DispatchInput,
        position: Position,
        lanes: Sequence[_Lane],
        found: _Found,
        *,
        consent: bool,
    ) -> None:
        """Have evaluations that stand at the same position read the same arrivals once, and claim."""
        since, place = look_back_from(position), position.place
        counts = self._targets.arrivals_per_second(given.project_id, since=since, up_to=place)
        behind = late_seconds(position, counts)
        late = self._targets.arrivals_in(given.project_id, behind, since=since, up_to=place) if behind else []
        # More than anybody has room for would mostly be looked at in vain.
        limit = min(_MOST, max(_LEAST, *(lane.room.targets for lane in lanes)))
        page = self._targets.arrivals(given.project_id, after=place, limit=limit)
        judging = [lane.evaluation for lane in lanes if consent or not _needs_consent(lane.evaluation)]
        admitted = self._matching.admitted(given.project_id, judging, [*late, *page], now=datetime.now(UTC))
        steps = [
            self._step(lane, admitted.get(lane.evaluation.id, set()), late, page, counts, limit=limit)
            for lane in lanes
        ]
        new = [
            claim
            for step in steps
            for claim in new_claims(
                step.evaluation,
                step.taken,
                dispatch_id=given.dispatch_id,
                origin=Origin.LIVE,
                earlier=found.claimed,
            )
        ]
        self._targets.claim(new)
        found.claimed += new
        found.steps += steps

    def _step(
        self,
        lane: _Lane,
        admitted: Collection[UUID],
        late: Sequence[Arrival],
        page: Sequence[Arrival],
        counts: Mapping[int, int],
        *,
        limit: int,
    ) -> _Step:
        evaluation, position = lane.evaluation, lane.position
        # Whatever version claimed it: an event that is sent again is not judged again.
        wanted = [arrival for arrival in (*late, *page) if arrival.uuid in admitted]
        known = claimed_before(self._targets, evaluation, wanted)
        behind = choose(late, admitted, known, room=lane.room)
        if behind.seen < len(late):  # what is left of them stays late
            return _Step(evaluation, position, behind.taken, behind.seen, stays=True)
        known |= {arrival.uuid for arrival in behind.taken}
        left = lane.room._replace(targets=lane.room.targets - len(behind.taken))
        ahead = choose(page, admitted, known, room=left)
        stays = ahead.seen < len(page)
        return _Step(
            evaluation,
            passed(position, counts, page[: ahead.seen]),
            [*behind.taken, *ahead.taken],
            len(late) + ahead.seen,
            stays=stays,
            more=not stays and len(page) == limit,
        )


def _result(found: _Found, evaluations: Sequence[Evaluation]) -> Dispatched:
    matched, seen = sum(len(step.taken) for step in found.steps), sum(step.seen for step in found.steps)
    MATCHES.labels("matched").inc(matched)
    MATCHES.labels("filtered").inc(seen - matched)
    return Dispatched(
        positions={step.evaluation.id: step.position for step in found.steps},
        batches=tuple(batches_of(found.claimed, evaluations)),
        more=any(step.more for step in found.steps),
        blocked=tuple(step.evaluation.id for step in found.steps if step.stays),
        matched=matched,
        filtered=seen - matched,
    )


def _lane(evaluation: Evaluation, given: DispatchInput, earlier: Sequence[Claim], evaluations: int) -> _Lane:
    """Where an evaluation stands: where it stood, but not before it became active (again)."""
    since = evaluation.active_since or datetime.now(UTC)
    position = given.positions.get(evaluation.id)
    if position is None or position.place.ingested_at < since:
        position = starting_at(since)
    mine = [claim for claim in earlier if claim.batch.evaluation_id == evaluation.id]
    in_flight, batches = given.in_flight.get(evaluation.id, (0, 0))
    taken = room(
        in_flight + len(mine),
        batches + len({claim.batch.number for claim in mine}),
        evaluations=evaluations,
    )
    return _Lane(evaluation, position, taken)


def _together(lanes: Iterable[_Lane]) -> Iterable[tuple[Position, list[_Lane]]]:
    """Lanes by their position, those that are behind first."""

    def order(lane: _Lane) -> tuple[datetime, str]:
        return lane.position.place.ingested_at, lane.position.model_dump_json()

    for _, same in groupby(sorted(lanes, key=order), key=order):
        group = list(same)
        yield group[0].position, group


def _needs_consent(evaluation: Evaluation) -> bool:
    return evaluation.evaluation_type is EvaluationType.LLM_JUDGE
