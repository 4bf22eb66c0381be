"""Activities of `evaluation-stream`: find what is to be judged, and claim it.

A claim is written before anything is started, and nobody but the stream of a project writes claims. An
attempt whose result was lost has left its claims: the next one finds them by the id of the dispatch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from temporalio import activity

from activities.evaluation_states import EvaluationStates
from activities.matching import Matching
from assay.contracts.evaluation_batches import (
    Arrival,
    BatchRef,
    Claim,
    ClaimedBatch,
    ClaimedPage,
    ClaimPageInput,
    Dispatched,
    DispatchInput,
    EvaluationLane,
    Origin,
    Place,
    Position,
)
from assay.contracts.evaluations import Evaluation, EvaluationType
from assay.domain.arrivals import late_seconds, look_back_from, passed, starting_at
from assay.domain.sampling import choose, claims, room
from assay.ports import EvaluationTargets, Registry
from assay.temporal.heartbeat import heartbeating
from assay.temporal.metrics import MATCHES

PAGE = 2_000
"""Arrivals that are looked at together, at most."""

_LEAST = 200
"""And at least, however little room there is."""


@dataclass(frozen=True, slots=True)
class _Lane:
    """An active evaluation, where it stands, and how many targets it may take."""

    evaluation: Evaluation
    position: Position
    room: int


@dataclass(frozen=True, slots=True)
class _Step:
    """What one evaluation does in a dispatch.

    Attributes:
        stays: it has no room for what is left.
    """

    evaluation: Evaluation
    position: Position
    taken: Sequence[Arrival] = ()
    seen: int = 0
    stays: bool = False
    more: bool = False


class EvaluationStreamActivities:
    """Claims targets."""

    def __init__(self, *, registry: Registry, targets: EvaluationTargets, states: EvaluationStates) -> None:
        self._registry = registry
        self._targets = targets
        self._states = states
        self._matching = Matching(targets)

    @activity.defn(name="dispatch-targets")
    async def dispatch(self, given: DispatchInput) -> Dispatched:
        """Claim what arrived and is to be judged, for each active evaluation from where it stands.

        Raises:
            StoreUnavailable: a store did not answer; some of it may be claimed.
        """
        async with heartbeating():
            evaluations = await self._registry.evaluations.active(given.project_id)
            consent = await self._states.consent(given.project_id, *evaluations)
            again = activity.info().attempt > 1
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
            return await asyncio.to_thread(self._claim_page, given, state.evaluation)

    def _dispatch(
        self, given: DispatchInput, evaluations: Sequence[Evaluation], *, consent: bool, again: bool
    ) -> Dispatched:
        earlier = self._targets.claims_of(given.project_id, given.dispatch_id) if again else []
        lanes = [
            _lane(evaluation, given.lanes, earlier, evaluations=len(evaluations))
            for evaluation in evaluations
        ]
        steps = [
            step
            for place, same in _together(lane for lane in lanes if lane.room > 0)
            for step in self._steps(given.project_id, place, same, consent=consent)
        ]
        steps += [_Step(lane.evaluation, lane.position, stays=True) for lane in lanes if lane.room <= 0]
        new = [
            claim
            for step in steps
            for claim in claims(
                step.evaluation,
                step.taken,
                dispatch_id=given.dispatch_id,
                origin=Origin.LIVE,
                first=_next_number(earlier, step.evaluation.id),
            )
        ]
        self._targets.claim(new)
        matched, seen = len(new), sum(step.seen for step in steps)
        active = {evaluation.id: evaluation for evaluation in evaluations}
        MATCHES.labels("matched").inc(matched)
        MATCHES.labels("filtered").inc(seen - matched)
        return Dispatched(
            positions={step.evaluation.id: step.position for step in steps},
            batches=tuple(_batches([*earlier, *new], active)),
            more=any(step.more for step in steps),
            blocked=tuple(step.evaluation.id for step in steps if step.stays),
            matched=matched,
            filtered=seen - matched,
        )

    def _steps(
        self, project_id: int, position: Position, lanes: Sequence[_Lane], *, consent: bool
    ) -> list[_Step]:
        """What evaluations that stand at the same position do: they read the same arrivals once."""
        since, place = look_back_from(position), position.place
        counts = self._targets.arrivals_per_second(project_id, since=since, up_to=place)
        behind = late_seconds(position, counts)
        late = self._targets.arrivals_in(project_id, behind, since=since, up_to=place) if behind else []
        # More than anybody has room for would mostly be looked at in vain.
        limit = min(PAGE, max(_LEAST, *(lane.room for lane in lanes)))
        page = self._targets.arrivals(project_id, after=place, limit=limit)
        judging = [lane.evaluation for lane in lanes if consent or not _needs_consent(lane.evaluation)]
        admitted = self._matching.admitted(project_id, judging, [*late, *page], now=datetime.now(UTC))
        return [
            self._step(lane, admitted.get(lane.evaluation.id, set()), late, page, counts, limit=limit)
            for lane in lanes
        ]

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
        known = self._known(evaluation, [*late, *page], admitted, version=None)
        behind = choose(late, admitted, known, room=lane.room)
        if behind.seen < len(late):  # what is left of them stays late
            return _Step(evaluation, position, behind.taken, behind.seen, stays=True)
        ahead = choose(
            page, admitted, known | {arrival.uuid for arrival in behind.taken},
            room=lane.room - len(behind.taken),
        )  # fmt: skip
        stays = ahead.seen < len(page)
        return _Step(
            evaluation,
            passed(position, counts, page[: ahead.seen]),
            [*behind.taken, *ahead.taken],
            len(late) + ahead.seen,
            stays=stays,
            more=not stays and len(page) == limit,
        )

    def _claim_page(self, given: ClaimPageInput, evaluation: Evaluation) -> ClaimedPage:
        # Who asks for a page may ask again in another way than by an attempt of this activity.
        earlier = self._targets.claims_of(given.project_id, given.dispatch_id)
        page = self._page(given, evaluation)
        # A backfill judges what this version has not judged; a sweep, what nobody was to judge.
        version = evaluation.version if given.origin is Origin.BACKFILL else None
        known = self._known(evaluation, page, {arrival.uuid for arrival in page}, version=version)
        unknown = [arrival for arrival in page if arrival.uuid not in known]
        found = self._matching.admitted(given.project_id, [evaluation], unknown, now=datetime.now(UTC))
        admitted = found[evaluation.id]
        chosen = choose(page, admitted, known, room=given.limit)
        new = list(
            claims(
                evaluation,
                chosen.taken,
                dispatch_id=given.dispatch_id,
                origin=given.origin,
                first=_next_number(earlier, evaluation.id),
            )
        )
        self._targets.claim(new)
        last = page[chosen.seen - 1] if chosen.seen else None
        is_last = chosen.seen == len(page) < PAGE
        return ClaimedPage(
            batches=tuple(_batches([*earlier, *new], {evaluation.id: evaluation})),
            seen=chosen.seen,
            known=len(known) - len({claim.target for claim in earlier} & known),
            before=None if is_last or last is None else (_order(given.origin, last), last.uuid),
        )

    def _page(self, given: ClaimPageInput, evaluation: Evaluation) -> list[Arrival]:
        if given.origin is Origin.BACKFILL:
            return self._targets.history(
                given.project_id, since=given.since, until=given.until, before=given.before, limit=PAGE
            )
        # What arrived before the evaluation was as it is now was looked at when it was as it was then.
        since = max(given.since, evaluation.active_since or given.until, evaluation.updated_at)
        place = Place(ingested_at=since)
        if given.before is not None and given.before[0] >= since:
            place = Place(ingested_at=given.before[0], uuid=given.before[1])
        return self._targets.stored(given.project_id, after=place, until=given.until, limit=PAGE)

    def _known(
        self,
        evaluation: Evaluation,
        arrivals: Sequence[Arrival],
        admitted: Collection[UUID],
        *,
        version: int | None,
    ) -> set[UUID]:
        wanted = [(arrival.uuid, arrival.day) for arrival in arrivals if arrival.uuid in admitted]
        if not wanted:
            return set()
        return self._targets.claimed(evaluation.project_id, evaluation.id, wanted, version=version)


def _lane(
    evaluation: Evaluation, known: Iterable[EvaluationLane], earlier: Sequence[Claim], *, evaluations: int
) -> _Lane:
    """Where an evaluation stands: where it stood, but not before it became active (again)."""
    since = evaluation.active_since or datetime.now(UTC)
    before = next((lane for lane in known if lane.evaluation_id == evaluation.id), None)
    mine = [claim for claim in earlier if claim.batch.evaluation_id == evaluation.id]
    in_flight, batches = len(mine), len({claim.batch.number for claim in mine})
    position = starting_at(since)
    if before is not None:
        in_flight, batches = in_flight + before.in_flight, batches + before.batches
        if before.position.place.ingested_at >= since:
            position = before.position
    return _Lane(evaluation, position, room(in_flight, batches, evaluations=evaluations))


def _together(lanes: Iterable[_Lane]) -> Iterable[tuple[Position, list[_Lane]]]:
    """Lanes by their position."""

    def order(lane: _Lane) -> str:
        return lane.position.model_dump_json()

    for _, same in groupby(sorted(lanes, key=order), key=order):
        group = list(same)
        yield group[0].position, group


def _batches(claimed: Iterable[Claim], evaluations: Mapping[UUID, Evaluation]) -> Iterable[ClaimedBatch]:
    """The batches that claims make up, in the order of their numbers."""
    sizes: dict[BatchRef, int] = {}
    for claim in claimed:
        sizes[claim.batch] = sizes.get(claim.batch, 0) + 1
    for ref, size in sizes.items():
        evaluation = evaluations.get(ref.evaluation_id)
        if evaluation is not None:  # else it was stopped meanwhile, and its claims wait for it
            yield ClaimedBatch(
                ref=ref,
                evaluation_name=evaluation.name,
                evaluation_type=evaluation.evaluation_type,
                size=size,
            )


def _next_number(earlier: Sequence[Claim], evaluation_id: UUID) -> int:
    """The first number of a batch that an earlier attempt has not used."""
    used = (claim.batch.number for claim in earlier if claim.batch.evaluation_id == evaluation_id)
    return max(used, default=-1) + 1


def _needs_consent(evaluation: Evaluation) -> bool:
    return evaluation.evaluation_type is EvaluationType.LLM_JUDGE


def _order(origin: Origin, arrival: Arrival) -> datetime:
    """By what the pages of an origin are ordered."""
    return arrival.timestamp if origin is Origin.BACKFILL else arrival.ingested_at
