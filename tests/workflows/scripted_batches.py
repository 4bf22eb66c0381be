"""Activities of automatic evaluation with the real names and types, whose outcomes a test scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from temporalio import activity

from assay.contracts.evaluation_batches import (
    BatchRef,
    BatchTally,
    ClaimedBatch,
    ClaimedPage,
    ClaimPageInput,
    Dispatched,
    DispatchInput,
    EvaluationBatchInput,
    Origin,
    Place,
    Position,
)
from assay.contracts.evaluations import EvaluationType
from assay.domain.sampling import room
from assay.errors import WorkError

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
EVALUATION = UUID("5d1c1d52-6ad8-4d2b-8f0c-3a2f4f3e8a01")


class ScriptedBatches:
    """Batches that end as a test says; records every call."""

    def __init__(self, *outcomes: BatchTally | WorkError, gate: asyncio.Event | None = None) -> None:
        self._outcomes = list(outcomes)
        self._gate = gate
        self.judged: list[EvaluationBatchInput] = []
        self.queues: list[str] = []
        self.under_way = self.most_under_way = 0

    @activity.defn(name="judge-batch")
    async def judge(self, given: EvaluationBatchInput) -> BatchTally:
        return await self._play(given)

    @activity.defn(name="evaluate-hog-batch")
    async def evaluate_hog(self, given: EvaluationBatchInput) -> BatchTally:
        return await self._play(given)

    async def _play(self, given: EvaluationBatchInput) -> BatchTally:
        self.judged.append(given)
        self.queues.append(activity.info().task_queue)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self._gate is not None:
                await self._gate.wait()
        finally:
            self.under_way -= 1
        if not self._outcomes:
            return BatchTally(size=given.batch.size, outcomes={"pass": given.batch.size})
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, WorkError):
            raise outcome
        return outcome

    @property
    def all(self) -> list[Callable[..., object]]:
        return [self.judge, self.evaluate_hog]


class ScriptedArrivals:
    """A project in which targets of one evaluation arrive; claims what the lanes have room for.

    Attributes:
        waiting: targets that have arrived and are not claimed.
    """

    def __init__(self, waiting: int = 0, *, batch: int = 200, page: int = 2_000) -> None:
        self.waiting = waiting
        self._batch = batch
        self._page = page
        self._passed = 0
        self.dispatches: list[DispatchInput] = []
        self.pages: list[ClaimPageInput] = []
        self.failures: list[WorkError] = []
        self.page_failures: list[WorkError] = []
        self.claimed = 0

    @activity.defn(name="dispatch-targets")
    async def dispatch(self, given: DispatchInput) -> Dispatched:
        self.dispatches.append(given)
        if self.failures:
            raise self.failures.pop(0)
        free = room(*given.in_flight.get(EVALUATION, (0, 0)))
        taken = min(free.targets, self.waiting, self._page)
        self.waiting -= taken
        self.claimed += taken
        self._passed += taken
        sizes = [min(self._batch, taken - first) for first in range(0, taken, self._batch)]
        return Dispatched(
            positions={
                EVALUATION: Position(since=AT, place=Place(ingested_at=AT, uuid=UUID(int=self._passed)))
            },
            batches=tuple(a_batch(given.dispatch_id, number, size) for number, size in enumerate(sizes)),
            more=self.waiting > 0 and taken == self._page,
            blocked=(EVALUATION,) if self.waiting and taken < self._page else (),
            matched=taken,
        )

    @activity.defn(name="claim-page")
    async def claim_page(self, given: ClaimPageInput) -> ClaimedPage:
        self.pages.append(given)
        if self.page_failures:
            raise self.page_failures.pop(0)
        return ClaimedPage(batches=(a_batch(given.dispatch_id, 0, 3),), seen=3)

    @property
    def all(self) -> list[Callable[..., object]]:
        return [self.dispatch, self.claim_page]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():  # noqa: ASYNC110  (the activities count, they signal nothing)
            await asyncio.sleep(0.01)


def a_batch(
    dispatch_id: str = "dispatch",
    number: int = 0,
    size: int = 200,
    *,
    evaluation_type: EvaluationType = EvaluationType.HOG,
) -> ClaimedBatch:
    return ClaimedBatch(
        ref=BatchRef(project_id=1, evaluation_id=EVALUATION, dispatch_id=dispatch_id, number=number),
        evaluation_name="Short enough",
        evaluation_type=evaluation_type,
        size=size,
    )


def a_batch_input(
    batch: ClaimedBatch | None = None, *, reply_to: str = "", origin: Origin = Origin.LIVE
) -> EvaluationBatchInput:
    return EvaluationBatchInput(
        batch=batch or a_batch(str(uuid4())),
        origin=origin,
        reply_to=reply_to,
        backfill_id=uuid4() if origin is Origin.BACKFILL else None,
    )


def a_page(project_id: int, dispatch_id: str) -> ClaimPageInput:
    return ClaimPageInput(
        project_id=project_id,
        evaluation_id=EVALUATION,
        dispatch_id=dispatch_id,
        origin=Origin.BACKFILL,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2026, 2, 1, tzinfo=UTC),
    )
