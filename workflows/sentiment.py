"""`sentiment-batch`: texts are classified while somebody waits.

Id: `sentiment-{digest}`, of project, model and all texts that are asked about, classified or not: who asks
for the same joins, however far it is. Who wants it done anew joins only others who want that; who is content
with less joins those, too, while they wait.
Messages: none. Timers: none.
The texts are classified in batches, some at a time, by a language model on its own queue, by others on that
of computations. The scores of each text are kept when its batch is done.
Failure: texts that the model refuses are left out of their batch's result. A batch is retried within the
budget of answers that somebody waits for. After one that fails for good no further one is begun; what was
classified by then is the result, and if that is nothing, the workflow fails with the error's code.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.sentiment import SentimentActivities
from assay.contracts.sentiment import ClassifyTexts, SentimentBatchInput, SentimentBatchResult
from assay.domain.sentiment.batches import (
    LANGUAGE_MODEL,
    SentimentProgress,
    batch_line,
    batches,
    progress_details,
)
from assay.temporal.failures import failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import CLASSIFY
from workflows.answer_outcomes import outcome_shown

BATCHES_AT_A_TIME: Final = 4


@workflow.defn(name="sentiment-batch")
class SentimentBatch:
    """Have texts classified, batch by batch."""

    @workflow.init
    def __init__(self, work: SentimentBatchInput) -> None:
        self._work = work
        self._progress = SentimentProgress(texts=work.texts)
        self._places = asyncio.Semaphore(BATCHES_AT_A_TIME)
        self._failure: ActivityError | None = None

    @workflow.run
    async def run(self, work: SentimentBatchInput) -> SentimentBatchResult:
        """Classify texts.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when not one is classified.
        """
        self._show()
        with outcome_shown(lambda: "incomplete" if self._progress.problem else "completed"):
            await asyncio.gather(*(self._classify(start, stop) for start, stop in batches(work)))
            if self._failure is not None and not self._progress.classified:
                raise self._failure
        return SentimentBatchResult(
            classified=self._progress.classified,
            problem=self._progress.problem,
            run=workflow.info().run_id,
        )

    async def _classify(self, start: int, stop: int) -> None:
        async with self._places:
            if self._failure is not None:
                return
            try:
                done = await workflow.execute_activity_method(
                    SentimentActivities.classify,
                    ClassifyTexts(work=self._work, start=start, stop=stop),
                    task_queue=TaskQueue.LLM if self._work.backend == LANGUAGE_MODEL else TaskQueue.COMPUTE,
                    summary=batch_line(start, stop),
                    **CLASSIFY.options,
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                self._failure = error
                self._progress = replace(self._progress, problem=failure_message(error))
            else:
                self._progress = self._progress.after(done)
            self._show()

    def _show(self) -> None:
        workflow.set_current_details(progress_details(self._progress))
