"""The activity of `evaluation-batch` that has targets judged by a model."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from temporalio import activity

from activities.batch_judge import BatchJudge, JudgingStopped
from activities.batch_progress import reporting
from activities.batches import Batches
from activities.judge_attempts import JudgeAttempt
from activities.judging import Judge
from activities.trial_places import TrialPlaces
from assay.contracts.evaluation_batches import BatchTally, EvaluationBatchInput
from assay.contracts.evaluations import Evaluation, EvaluationType
from assay.errors import WorkError
from assay.ports import Registry
from assay.temporal.heartbeat import heartbeating

_SPREAD = 0.25
"""By how much of its time a batch may be parked for longer, so that many do not come back in step."""


class JudgeBatchActivities:
    """Has batches judged.

    Args:
        trial_eval_limit: evaluations that a project may run on the operator's own model key.
        jitter: a random number of [0, 1).
    """

    def __init__(
        self,
        *,
        registry: Registry,
        batches: Batches,
        judge: Judge,
        trial_eval_limit: int,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._registry = registry
        self._batches = batches
        self._judge = judge
        self._trial_eval_limit = trial_eval_limit
        self._jitter = jitter

    @activity.defn(name="judge-batch")
    async def judge(self, given: EvaluationBatchInput) -> BatchTally:
        """Judge the targets of a batch that have no verdict yet, and record the verdicts.

        Raises:
            WorkError: the batch is parked; what was reached is in the ledger.
        """
        async with heartbeating():
            try:
                return await self._attempt(given)
            except WorkError as error:
                if error.retry_after is not None:
                    error.retry_after *= 1 + _SPREAD * self._jitter()
                raise

    async def _attempt(self, given: EvaluationBatchInput) -> BatchTally:
        model = BatchJudge(self._registry, self._judge.models)

        async def ready(evaluation: Evaluation) -> None:
            with suppress(JudgingStopped):  # the attempt says so, with the number of those that are judged
                await model.check(evaluation, self._judge.gate)

        batch = await self._batches.open(given, EvaluationType.LLM_JUDGE, ready=ready)
        if isinstance(batch, BatchTally):
            return batch
        project_id = given.batch.ref.project_id
        places = TrialPlaces(self._registry.trial, project_id, limit=self._trial_eval_limit)
        attempt = JudgeAttempt(
            batch, judge=self._judge, model=model, places=places, owner=(given.origin, project_id)
        )
        async with reporting(batch.tally), places.renewing():
            await attempt.run()
        return batch.tally.total()
