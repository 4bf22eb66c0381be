"""`evaluation-batch`: one evaluation judges up to 200 targets that were claimed for it.

Id: `evaluation-batch-{evaluation}-{digest of dispatch and number}`; the same claims are the same batch.
Messages: signal `progress` (from its own activity) shows how far it is. Timers: none.
Failure: an outage, of a store, a provider or the processes that run Hog, parks the batch: its activity is
retried without end, at the pace that the outage asks for. An evaluation that judges nothing any more stops
the batch, and `reconcile` takes up what is left when it judges again. Whatever happens, who waits for the
batch is told. Started again, a batch judges what has no verdict.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.hog_batches import HogBatchActivities
from activities.judge_batches import JudgeBatchActivities
from assay.contracts.evaluation_batches import BatchFinished, BatchTally, EvaluationBatchInput
from assay.contracts.evaluations import EvaluationType
from assay.domain.batch_details import batch_summary, tally_details
from assay.domain.run_details import failure_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import HOG_BATCH, JUDGE_BATCH
from assay.temporal.search_attributes import OUTCOME


@workflow.defn(name="evaluation-batch")
class EvaluationBatch:
    """Judge what is left of a batch, tell who waits for it."""

    @workflow.run
    async def run(self, given: EvaluationBatchInput) -> BatchTally:
        """Judge a batch.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when something is wrong that no
                retry mends.
        """
        workflow.set_current_details(tally_details(BatchTally(size=given.batch.size)))
        try:
            tally = await self._judge(given)
        except ActivityError as error:
            stopped = "cancelled" if is_cancelled_exception(error) else failure_code(error)
            await _tell(given, BatchTally(size=given.batch.size, stopped=stopped))
            if is_cancelled_exception(error):
                raise
            workflow.set_current_details(failure_details(stopped, failure_message(error)))
            workflow.upsert_search_attributes([OUTCOME.value_set("failed")])
            raise ApplicationError(failure_message(error), type=stopped, non_retryable=True) from error
        workflow.set_current_details(tally_details(tally))
        workflow.upsert_search_attributes([OUTCOME.value_set("stopped" if tally.stopped else "judged")])
        await _tell(given, tally)
        return tally

    @workflow.signal
    def progress(self, tally: BatchTally) -> None:
        """Show how far the batch is."""
        workflow.set_current_details(tally_details(tally))

    async def _judge(self, given: EvaluationBatchInput) -> BatchTally:
        summary = batch_summary(given.batch)
        if given.batch.evaluation_type is EvaluationType.HOG:
            return await workflow.execute_activity_method(
                HogBatchActivities.evaluate,
                given,
                task_queue=TaskQueue.COMPUTE,
                summary=summary,
                **HOG_BATCH.options,
            )
        return await workflow.execute_activity_method(
            JudgeBatchActivities.judge,
            given,
            task_queue=TaskQueue.LLM,
            summary=summary,
            **JUDGE_BATCH.options,
        )


async def _tell(given: EvaluationBatchInput, tally: BatchTally) -> None:
    """Tell who waits for the batch, if they are still there."""
    if not given.reply_to:
        return
    waiting = workflow.get_external_workflow_handle(given.reply_to)
    try:
        await waiting.signal("batch_finished", BatchFinished(ref=given.batch.ref, tally=tally))
    except ApplicationError:
        workflow.logger.info("nobody waits for the batch any more")
