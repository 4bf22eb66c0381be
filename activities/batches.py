"""The beginning and the end of judging a batch, whoever judges: which targets are left, and their verdicts.

A batch is named, not carried: its targets are the claims of its dispatch. What the ledger has is not judged
again, so an attempt goes on where the one before was cut off, and a batch can be started any number of times.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import structlog
from temporalio import activity

from activities.evaluation_states import EvaluationStates
from activities.memory_budget import MemoryBudget
from assay.contracts.evaluation_batches import BatchTally, Claim, EvaluationBatchInput
from assay.contracts.evaluations import Evaluation, EvaluationType, Judgement
from assay.contracts.events import EVALUATION, Event, EventRef
from assay.domain.batch_tallies import Tally
from assay.domain.eligibility import TYPE_CHANGED
from assay.domain.evaluations import verdict_event_id
from assay.domain.sampling import AUTOMATIC
from assay.domain.verdicts import Occasion, verdict_event
from assay.errors import EventsRejected, TargetNotFound
from assay.ports import EvaluationTargets, EventWriter, Registry
from assay.temporal.metrics import VERDICTS

log = structlog.get_logger(__name__)

MEMORY_BYTES = 256 * 1024 * 1024
"""Properties, as JSON, of the targets that all batches of the process have read and not yet recorded."""

REJECTED = "verdict_rejected"
"""Why a target is skipped whose verdict the store refuses."""

_VERDICT_BYTES = 1_500
"""A verdict without its reasoning, roughly."""

_ATTEMPTS_TO_FIND = 3
"""After so many, a target that is not in the store was deleted."""

Verdict = tuple[Claim, Judgement, Event | None]
"""What was judged, the judgement, and the event, if it is still there."""


class Batches:
    """Opens batches."""

    def __init__(
        self,
        *,
        registry: Registry,
        targets: EvaluationTargets,
        writer: EventWriter,
        states: EvaluationStates,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._registry = registry
        self._targets = targets
        self._writer = writer
        self._states = states
        self._now = now
        self._memory = MemoryBudget(memory_bytes)

    async def open(
        self,
        given: EvaluationBatchInput,
        evaluation_type: EvaluationType,
        *,
        ready: Callable[[Evaluation], Awaitable[None]] | None = None,
    ) -> OpenBatch | BatchTally:
        """A batch with what is left to judge, or its tally if nothing can be judged now.

        Args:
            ready: raises if the evaluation cannot be judged with now, before anything is read for it.

        Raises:
            StoreUnavailable: a store did not answer.
        """
        ref = given.batch.ref
        state = await self._states.now(ref.project_id, ref.evaluation_id)
        stopped = state.obstacle(given.origin)
        evaluation = state.evaluation
        if stopped is None and evaluation is not None and evaluation.evaluation_type is not evaluation_type:
            stopped = TYPE_CHANGED
        if stopped is not None or evaluation is None:
            return BatchTally(size=given.batch.size, stopped=stopped)
        if ready is not None:
            await ready(evaluation)
        claims = _each_once(await asyncio.to_thread(self._targets.claims_in, ref))
        recorded = await asyncio.to_thread(self._recorded, claims, evaluation)
        return OpenBatch(
            given,
            evaluation,
            claims=claims,
            remaining=[claim for claim in claims if claim.target not in recorded],
            targets=self._targets,
            writer=self._writer,
            states=self._states,
            memory=self._memory,
            started_at=self._now(),
        )

    def _recorded(self, claims: Sequence[Claim], evaluation: Evaluation) -> set[UUID]:
        """The targets with a verdict: of the version that claimed them, or of one since then."""
        verdicts = {
            _verdict_id(claim, evaluation, version): claim
            for claim in claims
            for version in range(claim.evaluation_version, evaluation.version + 1)
        }
        refs = [
            EventRef(project_id=evaluation.project_id, event=EVALUATION, uuid=uuid, day=claim.day)
            for uuid, claim in verdicts.items()
        ]
        return {verdicts[uuid].target for uuid in self._targets.recorded(refs)} if refs else set()


class OpenBatch:
    """A batch under way.

    Attributes:
        evaluation: as it is judged with at the moment; `still_on` renews it.
        remaining: targets without a verdict.
        tally: what became of the others.
    """

    def __init__(
        self,
        given: EvaluationBatchInput,
        evaluation: Evaluation,
        *,
        claims: Sequence[Claim],
        remaining: Sequence[Claim],
        targets: EvaluationTargets,
        writer: EventWriter,
        states: EvaluationStates,
        memory: MemoryBudget,
        started_at: datetime,
    ) -> None:
        self.evaluation = evaluation
        self.remaining = remaining
        self.tally = Tally(len(claims), len(claims) - len(remaining))
        self._given = given
        self._targets = targets
        self._writer = writer
        self._states = states
        self._memory = memory
        self._started_at = started_at

    async def still_on(self) -> str | None:
        """Why the evaluation judges nothing any more; None: it goes on, perhaps in another version.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        ref = self._given.batch.ref
        state = await self._states.recent(ref.project_id, ref.evaluation_id)
        evaluation = state.evaluation
        stopped = state.obstacle(self._given.origin)
        if stopped is None and evaluation is not None:
            if evaluation.evaluation_type is not self.evaluation.evaluation_type:
                return TYPE_CHANGED
            self.evaluation = evaluation
        return stopped

    def chunks(self, size: Callable[[], int], *, most_bytes: int) -> Iterator[Sequence[Claim]]:
        """The remaining targets, some at a time.

        Args:
            size: how many at most, asked each time.
            most_bytes: of their properties; a target that has more is alone.
        """
        first = 0
        while first < len(self.remaining):
            end, read = first + 1, self.remaining[first].size
            most = first + max(1, size())
            while end < min(most, len(self.remaining)) and read + self.remaining[end].size <= most_bytes:
                read += self.remaining[end].size
                end += 1
            yield self.remaining[first:end]
            first = end

    @asynccontextmanager
    async def room(self, claims: Sequence[Claim]) -> AsyncIterator[None]:
        """Wait until there is memory to read targets, and hold it until they are recorded."""
        size = sum(claim.size for claim in claims)
        async with self._memory.room(size, owner=self._given.batch.ref.project_id):
            yield

    async def read(self, claims: Sequence[Claim]) -> dict[UUID, Event]:
        """The events behind claims, by uuid; those that are gone are missing.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        wanted = [(claim.target, claim.day) for claim in claims]
        return await asyncio.to_thread(self._targets.events, self._given.batch.ref.project_id, wanted)

    def blank(self, claim: Claim) -> Judgement:
        """The judgement of a target as far as it is known before anyone judges."""
        return Judgement(
            evaluation_version=self.evaluation.version,
            verdict_event_id=_verdict_id(claim, self.evaluation, self.evaluation.version),
            allows_na=bool(self.evaluation.output_config.get("allows_na")),
        )

    async def record(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts; they are in the ledger when this returns.

        In place of one that the store refuses, it is recorded that the target is skipped.

        Raises:
            StoreUnavailable: they may be there or not; recording them again is safe.
            EventsRejected: the store refuses even that; it has the others.
        """
        if not verdicts:
            return
        refused = await self._write(verdicts)
        lost: Mapping[int, str] = {}
        if refused:
            first = next(iter(refused.values()))
            log.error("verdicts refused by the store", verdicts=len(refused), error=first)
            # Before anything is counted: if the store goes away now, all are recorded again.
            lost = await self._write([_in_place_of(verdicts[number]) for number in refused])
        for number, (_, judgement, _) in enumerate(verdicts):
            if number not in refused:
                self._count(judgement)
        for order, number in enumerate(refused):
            if order not in lost:
                self._count(_rejected(verdicts[number][1]))
        if lost:
            raise EventsRejected(f"{len(lost)} verdicts: {next(iter(lost.values()))}")

    async def _write(self, verdicts: Sequence[Verdict]) -> Mapping[int, str]:
        """Write verdicts; returns which the store refuses, and why."""
        events = [self._event(*verdict) for verdict in verdicts]
        size = sum(len(judgement.reasoning) + _VERDICT_BYTES for _, judgement, _ in verdicts)
        return (await self._writer.write(events, size=size)).refused

    def _count(self, judgement: Judgement) -> None:
        self.tally.add(judgement)
        VERDICTS.labels(self.evaluation.evaluation_type, judgement.outcome).inc()

    async def give_up_on(self, missing: Sequence[Claim]) -> None:
        """Record that targets are gone, once it is not the store that is behind.

        Raises:
            TargetNotFound: it may be the store: another attempt may find them.
        """
        if missing and activity.info().attempt < _ATTEMPTS_TO_FIND:
            raise TargetNotFound(f"{len(missing)} targets of the batch are not in the event store.")
        gone = {"skip_reason": TargetNotFound.code}
        await self.record([(claim, self.blank(claim).model_copy(update=gone), None) for claim in missing])

    def _event(self, claim: Claim, judgement: Judgement, source: Event | None) -> Event:
        occasion = Occasion.of_claim(
            claim, self.evaluation, started_at=self._started_at, backfill_id=self._given.backfill_id
        )
        return verdict_event(occasion, judgement, source=source)


def _each_once(claims: Sequence[Claim]) -> list[Claim]:
    """The oldest claim of each target: two versions of an evaluation may have claimed it for one batch."""
    found: dict[UUID, Claim] = {}
    for claim in claims:
        known = found.setdefault(claim.target, claim)
        if claim.evaluation_version < known.evaluation_version:
            found[claim.target] = claim
    return list(found.values())


def _rejected(judgement: Judgement) -> Judgement:
    """A judgement whose text cannot be stored; what it cost stays true."""
    nothing = {"verdict": None, "applicable": None, "reasoning": ""}
    return judgement.model_copy(update=nothing | {"skip_reason": REJECTED})


def _in_place_of(verdict: Verdict) -> Verdict:
    """The least that can be written about a target, without anything that came from outside."""
    claim, judgement, _ = verdict
    least = Judgement(
        evaluation_version=judgement.evaluation_version,
        verdict_event_id=judgement.verdict_event_id,
        allows_na=judgement.allows_na,
        skip_reason=REJECTED,
    )
    return claim, least, None


def _verdict_id(claim: Claim, evaluation: Evaluation, version: int) -> UUID:
    return verdict_event_id(
        project_id=evaluation.project_id,
        evaluation_id=evaluation.id,
        version=version,
        target=claim.target,
        trigger=AUTOMATIC,
    )
