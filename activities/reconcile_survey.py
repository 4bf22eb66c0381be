"""What is wrong in a project: claims against verdicts, arrivals against claims, registry against Temporal.

Reading only: nothing is changed here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from activities.batch_runs import BatchRuns
from activities.evaluation_states import EvaluationState, EvaluationStates
from activities.streams import Streams
from assay.contracts.evaluation_batches import (
    BatchRef,
    Claim,
    ClaimedBatch,
    EvaluationStreamInput,
    Place,
)
from assay.contracts.evaluations import Evaluation
from assay.contracts.events import EVALUATION, EventRef
from assay.contracts.reconcile import Findings, Gap, ProjectMark, Sweep
from assay.domain.reconcile.arrivals import next_sweep, stream_fault, sweep_limits, sweep_of, with_sweeps
from assay.domain.reconcile.claims import BatchRun, Comparison, OpenBatch, is_lost, later_verdicts, rests
from assay.domain.reconcile.marks import JUDGING, SETTLED, compare_from
from assay.ports import EvaluationTargets, Registry

PAGE: Final = 5_000
"""Claims that are compared together."""

MAX_LOST: Final = 20
"""Lost batches that one run names per project; the rest has its turn in the next run."""

MAX_RUNS: Final = 500
"""Batches per project that Temporal is asked about; the rest has its turn in the next run."""

_LEDGER_REFS = 5_000
_ASKED_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class _Compared:
    """What comparing the claims of a project came to."""

    comparison: Comparison
    gaps: Sequence[Gap]
    missing: int
    running: int
    resting: int


class ProjectSurvey:
    """Looks at one project at a time.

    Args:
        page: claims to compare together.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        targets: EvaluationTargets,
        states: EvaluationStates,
        streams: Streams,
        runs: BatchRuns,
        page: int = PAGE,
    ) -> None:
        self._registry = registry
        self._targets = targets
        self._states = states
        self._streams = streams
        self._runs = runs
        self._page = page

    async def look(self, project_id: int, mark: ProjectMark, *, now: datetime, gaps: int) -> Findings:
        """What is wrong in a project.

        Args:
            now: the beginning of the run.
            gaps: batches to name at most.

        Raises:
            StoreUnavailable: a store did not answer.
            TemporalError: Temporal did not, or nobody answers for a stream.
        """
        compared = await self._compare(project_id, mark, now=now, gaps=gaps)
        settled = now - SETTLED
        active = sorted(evaluation.id for evaluation in await self._registry.evaluations.active(project_id))
        # Before the state: what arrives in between is not held against the stream.
        last_arrival = await asyncio.to_thread(self._targets.last_arrival, project_id)
        stream = await self._streams.state(project_id)
        sweeps, mark = await self._plan_sweeps(
            project_id, mark, sweep_limits(stream, active, last_arrival, settled), active, settled
        )
        return Findings(
            project_id=project_id,
            mark=mark.model_copy(update={"compared": now - JUDGING, "held": compared.comparison.held}),
            missing=compared.missing,
            gaps=tuple(compared.gaps),
            running=compared.running,
            resting=compared.resting,
            waiting=compared.comparison.waiting,
            lost=tuple(await self._lost(stream, now)),
            stream_fault=stream_fault(stream, active, last_arrival, settled),
            sweeps=sweeps,
        )

    async def _compare(self, project_id: int, mark: ProjectMark, *, now: datetime, gaps: int) -> _Compared:
        states: dict[UUID, EvaluationState] = {}
        await self._learn(project_id, (hold.evaluation_id for hold in mark.held), states)
        carried = [hold for hold in mark.held if states[hold.evaluation_id].obstacle(hold.origin)]
        comparison = Comparison(carried, mark.compared)
        async for claims in self._unjudged(project_id, compare_from(mark, carried), now - JUDGING):
            await self._learn(project_id, (claim.batch.evaluation_id for claim in claims), states)
            for claim in await asyncio.to_thread(self._without_later_verdict, project_id, claims, states):
                if claim.claimed_at is not None:
                    waits = states[claim.batch.evaluation_id].obstacle(claim.origin) is not None
                    comparison.add(claim, claim.claimed_at, waits=waits)
        return await self._sort(comparison, states, now=now, gaps=gaps)

    async def _learn(
        self, project_id: int, evaluation_ids: Iterable[UUID], states: dict[UUID, EvaluationState]
    ) -> None:
        for evaluation_id in evaluation_ids:
            if evaluation_id not in states:
                states[evaluation_id] = await self._states.now(project_id, evaluation_id)

    async def _unjudged(
        self, project_id: int, since: datetime, until: datetime
    ) -> AsyncIterator[Sequence[Claim]]:
        """Claims without a verdict of their own, in pages; those of one instant are never torn apart."""
        limit = self._page
        while since < until:
            page = await asyncio.to_thread(
                self._targets.unjudged, project_id, since=since, until=until, limit=limit
            )
            last = page[-1].claimed_at if page else None
            if len(page) < limit or last is None:
                yield page
                return
            whole = [claim for claim in page if claim.claimed_at != last]
            if not whole:
                limit *= 2
                continue
            yield whole
            since = last

    def _without_later_verdict(
        self, project_id: int, claims: Sequence[Claim], states: Mapping[UUID, EvaluationState]
    ) -> list[Claim]:
        """The claims whose target no later version of the evaluation has judged either."""
        instead: dict[UUID, int] = {}
        refs = []
        for number, claim in enumerate(claims):
            evaluation = states[claim.batch.evaluation_id].evaluation
            for uuid in later_verdicts(claim, evaluation.version) if evaluation else ():
                instead[uuid] = number
                refs.append(EventRef(project_id=project_id, event=EVALUATION, uuid=uuid, day=claim.day))
        judged = {
            instead[uuid]
            for first in range(0, len(refs), _LEDGER_REFS)
            for uuid in self._targets.recorded(refs[first : first + _LEDGER_REFS])
        }
        return [claim for number, claim in enumerate(claims) if number not in judged]

    async def _sort(
        self, comparison: Comparison, states: Mapping[UUID, EvaluationState], *, now: datetime, gaps: int
    ) -> _Compared:
        """Tell the batches that somebody works on from those that nobody does."""
        batches = sorted(comparison.batches.values(), key=lambda batch: batch.oldest)[:MAX_RUNS]
        runs = await self._latest_runs([batch.ref for batch in batches])
        running = resting = missing = 0
        due: list[Gap] = []
        for batch, run in zip(batches, runs, strict=True):
            evaluation = states[batch.ref.evaluation_id].evaluation
            if run is not None and run.closed_at is None:
                running += batch.claims
            elif rests(batch, run, now):
                resting += batch.claims
            elif evaluation is not None:  # one that is gone has no open batches: its claims wait
                missing += batch.claims
                due.append(_gap(batch, evaluation))
        return _Compared(comparison, due[:gaps], missing, running, resting)

    async def _plan_sweeps(
        self,
        project_id: int,
        mark: ProjectMark,
        limits: Mapping[UUID, datetime],
        active: Sequence[UUID],
        settled: datetime,
    ) -> tuple[dict[UUID, Sweep], ProjectMark]:
        """The windows to look through, and the mark as if that were not done."""
        stand = {evaluation_id: sweep_of(mark, evaluation_id) for evaluation_id in active}
        swept = mark.model_copy(update={"swept": max(mark.swept, settled), "sweeps": {}})
        since = min((sweep.since for sweep in stand.values()), default=settled)
        if since >= settled or not await asyncio.to_thread(self._stored, project_id, since, settled):
            return {}, swept
        planned = {
            evaluation_id: window
            for evaluation_id, sweep in stand.items()
            if (window := next_sweep(sweep, limits.get(evaluation_id))) is not None
        }
        return planned, with_sweeps(swept, stand | planned)

    def _stored(self, project_id: int, since: datetime, until: datetime) -> bool:
        """Whether there is any generation that the store took in a time."""
        return bool(self._targets.stored(project_id, after=Place(ingested_at=since), until=until, limit=1))

    async def _lost(self, stream: EvaluationStreamInput | None, now: datetime) -> list[ClaimedBatch]:
        """The batches that a stream waits for and that do not run any more."""
        waited_for = list(stream.in_flight[:MAX_RUNS]) if stream else []
        runs = await self._latest_runs([batch.ref for batch in waited_for])
        lost: list[ClaimedBatch] = []
        for batch, run in zip(waited_for, runs, strict=True):
            claimed_at = await self._claimed_at(batch.ref) if run is None else None
            if is_lost(run, claimed_at, now):
                lost.append(batch)
            if len(lost) == MAX_LOST:
                break
        return lost

    async def _claimed_at(self, ref: BatchRef) -> datetime | None:
        claims = await asyncio.to_thread(self._targets.claims_in, ref)
        return min((claim.claimed_at for claim in claims if claim.claimed_at), default=None)

    async def _latest_runs(self, refs: Sequence[BatchRef]) -> list[BatchRun | None]:
        """The latest run of each batch, a few asked for at a time."""
        runs: list[BatchRun | None] = []
        for first in range(0, len(refs), _ASKED_TOGETHER):
            together = refs[first : first + _ASKED_TOGETHER]
            runs += await asyncio.gather(*(self._runs.latest(ref) for ref in together))
        return runs


def _gap(batch: OpenBatch, evaluation: Evaluation) -> Gap:
    return Gap(
        batch=ClaimedBatch(
            ref=batch.ref,
            evaluation_name=evaluation.name,
            evaluation_type=evaluation.evaluation_type,
            size=batch.claims,
        ),
        origin=batch.origin,
    )
