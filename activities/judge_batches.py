"""The activity of `evaluation-batch` that has targets judged by a model."""

from __future__ import annotations

from temporalio import activity

from activities.batch_judge import BatchJudge
from activities.batch_progress import reporting
from activities.batches import Batches
from activities.judge_attempts import JudgeAttempt
from activities.judging import Judge
from activities.trial_places import TrialPlaces
from assay.contracts.evaluation_batches import BatchTally, EvaluationBatchInput
from assay.contracts.evaluations import EvaluationType
from assay.ports import Registry
from assay.temporal.heartbeat import heartbeating


class JudgeBatchActivities:
    """Has batches judged.

    Args:
        trial_eval_limit: evaluations that a project may run on the operator's own model key.
    """

    def __init__(self, *, registry: Registry, batches: Batches, judge: Judge, trial_eval_limit: int) -> None:
        self._registry = registry
        self._batches = batches
        self._judge = judge
        self._trial_eval_limit = trial_eval_limit

    @activity.defn(name="judge-batch")
    async def judge(self, given: EvaluationBatchInput) -> BatchTally:
        """Judge the targets of a batch that have no verdict yet, and record the verdicts.

        Raises:
            WorkError: the batch is parked; what was reached is in the ledger.
        """
        async with heartbeating():
            batch = await self._batches.open(given, EvaluationType.LLM_JUDGE)
            if isinstance(batch, BatchTally):
                return batch
            project_id = given.batch.ref.project_id
            places = TrialPlaces(self._registry.trial, project_id, limit=self._trial_eval_limit)
            attempt = JudgeAttempt(
                batch,
                judge=self._judge,
                model=BatchJudge(self._registry, self._judge.models),
                places=places,
                owner=(given.origin, project_id),
            )
            async with reporting(batch.tally), places.renewing():
                await attempt.run()
            return batch.tally.total()
