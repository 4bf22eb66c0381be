"""The activity of `evaluation-batch` that evaluates targets with the project's own Hog program."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from temporalio import activity

from activities.batch_progress import reporting
from activities.batches import Batches, OpenBatch, Verdict
from activities.hog_judging import HogJudge
from activities.judging import skipped
from activities.notices import stop_evaluation
from assay.contracts.evaluation_batches import BatchTally, Claim, EvaluationBatchInput
from assay.contracts.evaluations import EvaluationType, FailEvaluationInput, Judgement, StatusReason
from assay.contracts.events import Event
from assay.domain.pace import Pace
from assay.domain.turns import Turns
from assay.errors import HogDefect, WorkError
from assay.ports import HogRunner, Registry
from assay.temporal.heartbeat import heartbeating

_READ_BYTES = 8 * 1024 * 1024
"""Properties of the targets that are read together."""

_ON_THE_WAY = 3
"""Parts of batches that are read or recorded while others compute. With more they would be no quicker
together, and each would take longer."""

_PACES = 1_000
"""Programs whose pace is remembered."""

_MAX_BECAUSE = 2_000
"""Characters of what a program did wrong, as the workflow shows them."""


class HogBatchActivities:
    """Evaluates batches with programs.

    Args:
        processes: how many programs `hog` runs at a time.
    """

    def __init__(self, *, registry: Registry, batches: Batches, hog: HogRunner, processes: int) -> None:
        self._registry = registry
        self._batches = batches
        self._judge = HogJudge(hog)
        self._turns = Turns(processes + _ON_THE_WAY)
        self._paces: OrderedDict[tuple[UUID, int], Pace] = OrderedDict()

    @activity.defn(name="evaluate-hog-batch")
    async def evaluate(self, given: EvaluationBatchInput) -> BatchTally:
        """Evaluate the targets of a batch that have no verdict yet, and record the verdicts.

        Raises:
            WorkError: a store or the processes are away; what was reached is in the ledger.
        """
        async with heartbeating():
            opened = await self._batches.open(given, EvaluationType.HOG)
            if isinstance(opened, BatchTally):
                return opened
            async with reporting(opened.tally):
                for claims in opened.chunks(lambda: self._pace(opened).size, most_bytes=_READ_BYTES):
                    async with opened.room(claims), self._turns.turn(opened.evaluation.project_id):
                        opened.tally.stopped = await opened.still_on() or await self._evaluate(opened, claims)
                    if opened.tally.stopped is not None:
                        break
            return opened.tally.total()

    async def _evaluate(self, batch: OpenBatch, claims: Sequence[Claim]) -> str | None:
        """Evaluate some targets; returns the reason if the program stops its evaluation."""
        events = await batch.read(claims)
        there = [claim for claim in claims if claim.target in events]
        started = time.monotonic()
        answers = await self._judge.judge(
            batch.evaluation, [(events[claim.target], batch.blank(claim)) for claim in there]
        )
        self._pace(batch).took(len(there) or 1, time.monotonic() - started)
        verdicts = [
            _verdict(batch, claim, answer, events[claim.target])
            for claim, answer in zip(there, answers, strict=True)
        ]
        await batch.record([verdict for verdict in verdicts if isinstance(verdict, tuple)])
        for verdict in verdicts:
            if isinstance(verdict, WorkError):
                raise verdict
        await batch.give_up_on([claim for claim in claims if claim.target not in events])
        for claim, answer, verdict in zip(there, answers, verdicts, strict=True):
            if verdict is None and isinstance(answer, Judgement):
                return await self._stop(batch, f"{answer.reasoning} (target {claim.target})")
        return None

    async def _stop(self, batch: OpenBatch, because: str) -> str:
        """Put the evaluation into `error`, unless its author has changed it since."""
        batch.tally.stopped_because = because[:_MAX_BECAUSE]
        evaluation = batch.evaluation
        failed = FailEvaluationInput(
            project_id=evaluation.project_id,
            evaluation_id=evaluation.id,
            reason=StatusReason.HOG_ERROR,
            version=evaluation.version,
            active_since=evaluation.active_since,
        )
        await stop_evaluation(self._registry, failed, batch.tally.stopped_because)
        return failed.reason

    def _pace(self, batch: OpenBatch) -> Pace:
        key = batch.evaluation.id, batch.evaluation.version
        pace = self._paces.setdefault(key, Pace())
        self._paces.move_to_end(key)
        while len(self._paces) > _PACES:
            self._paces.popitem(last=False)
        return pace


def _verdict(
    batch: OpenBatch, claim: Claim, answer: Judgement | WorkError, event: Event
) -> Verdict | WorkError | None:
    """What to record; an error that is worth another try; None if the program is at fault."""
    if isinstance(answer, HogDefect):  # no retry mends it, and the other targets must not wait for it
        return claim, skipped(batch.blank(claim), answer.code), event
    if isinstance(answer, WorkError):
        return answer
    return None if answer.disable_reason is not None else (claim, answer, event)
