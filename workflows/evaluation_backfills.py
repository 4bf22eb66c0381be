"""`evaluation-backfill`: an evaluation judges a time window of history, newest first.

Id: `evaluation-backfill-{id}`.
Messages: updates `pause`, `resume` and `cancel`, each answered with the progress and refused where it makes
no sense; signal `batch_finished` (from batches); query `progress`. Cancelling the workflow means `cancel`.
Timers: while batches are in flight, one that looks after those that have been silent for long.
Failure: what keeps the evaluation from judging (it is in `error`, consent is missing, a page cannot be
claimed) pauses the backfill with the reason; `resume` goes on, with the batches that were stopped. If the
evaluation was deleted, it ends as `stopped`. It never fails, and nothing is judged twice: the stream of the
project claims for it, and the ledger is asked before anything is judged.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from activities.evaluation_backfills import BackfillActivities
from assay.contracts.evaluation_backfills import (
    BackfillBatch,
    BackfillCommand,
    BackfillProgress,
    BackfillState,
    BackfillStatus,
    BatchesQuestion,
    CountHistoryInput,
    EvaluationBackfillInput,
)
from assay.contracts.evaluation_batches import (
    BatchFinished,
    BatchRef,
    ClaimedPage,
    ClaimPageInput,
    EvaluationBatchInput,
    Origin,
)
from assay.domain import backfills
from assay.domain.backfill_details import (
    batches_check_summary,
    count_summary,
    page_summary,
    progress_details,
)
from assay.domain.backfill_progress import progress_of
from assay.domain.batch_details import batch_facts, batch_summary
from assay.errors import Conflict
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.retry import STORE
from assay.temporal.search_attributes import EVALUATION, OUTCOME, PROJECT, TRIGGER, pairs
from workflows.evaluation_batches import EvaluationBatch

_COUNTING: Final = STORE.options | {"schedule_to_close_timeout": timedelta(minutes=5)}
"""Only estimates need the count of the window: it is not tried for long."""

_SILENCE: Final = timedelta(minutes=10)
"""A batch that has been in flight for so long is looked after, again and again: most are simply long."""

_LAST_PAGE: Final = timedelta(seconds=30)
"""How long a backfill that is cancelled waits for the page that is just being claimed."""


@workflow.defn(name="evaluation-backfill")
class EvaluationBackfill:
    """Claim pages, keep a few batches in flight, obey."""

    @workflow.init
    def __init__(self, backfill: EvaluationBackfillInput) -> None:
        self._backfill = backfill
        self._state = backfill.state or backfills.new_state(workflow.now())

    @workflow.run
    async def run(self, backfill: EvaluationBackfillInput) -> BackfillProgress:
        """Judge the window; the result is the progress at the end."""
        self._show()
        working = asyncio.create_task(self._work())
        self._watching = asyncio.create_task(self._watch_batches())
        try:
            await workflow.wait_condition(working.done)
        except asyncio.CancelledError:  # of the workflow; the work goes on, to its end
            self._change(backfills.cancelling(self._state, workflow.now()))
            await workflow.wait_condition(working.done)
        await working
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.progress()

    @workflow.query(description="How far the backfill is.")
    def progress(self) -> BackfillProgress:
        """How far the backfill is."""
        return progress_of(self._backfill, self._state, workflow.now())

    @workflow.update(description="Claim nothing more until `resume`; batches in flight go on.")
    def pause(self) -> BackfillProgress:
        """Claim nothing more; what is claimed is judged."""
        self._change(backfills.paused(self._state, workflow.now()))
        return self.progress()

    @pause.validator
    def _may_pause(self) -> None:
        self._require_sense(BackfillCommand.PAUSE)

    @workflow.update(description="Go on after a pause.")
    def resume(self) -> BackfillProgress:
        """Go on after a pause, whoever paused."""
        self._change(backfills.running(self._state, workflow.now()))
        return self.progress()

    @resume.validator
    def _may_resume(self) -> None:
        self._require_sense(BackfillCommand.RESUME)

    @workflow.update(description="End when the batches in flight have finished.")
    def cancel(self) -> BackfillProgress:
        """End as soon as what is claimed is judged."""
        self._change(backfills.cancelling(self._state, workflow.now()))
        return self.progress()

    @cancel.validator
    def _may_cancel(self) -> None:
        self._require_sense(BackfillCommand.CANCEL)

    @workflow.signal(description="A batch has ended.")
    def batch_finished(self, finished: BatchFinished) -> None:
        """A batch has ended; there is room for another one."""
        self._change(backfills.finished(self._state, finished, workflow.now()))

    async def _work(self) -> None:
        """Do what there is to do, until there is nothing left."""
        if self._backfill.state is None:
            await self._count()
        while (end := backfills.ending(self._state)) is None:
            if workflow.info().is_continue_as_new_suggested():
                await self._continue_as_new()
            if (batch := backfills.next_to_start(self._state)) is not None:
                await self._start(batch)
            elif limit := backfills.targets_to_claim(self._state):
                await self._claim(limit)
            else:
                await workflow.wait_condition(self._can_go_on)
        self._change(backfills.ended(self._state, end, workflow.now()))

    def _can_go_on(self) -> bool:
        return bool(
            backfills.next_to_start(self._state)
            or backfills.targets_to_claim(self._state)
            or backfills.ending(self._state)
            or workflow.info().is_continue_as_new_suggested()
        )

    async def _count(self) -> None:
        """Count the window, for the estimates; without a count there are none."""
        window = CountHistoryInput(
            project_id=self._backfill.project_id, since=self._backfill.since, until=self._backfill.until
        )
        try:
            total = await workflow.execute_activity_method(
                BackfillActivities.count_history,
                window,
                summary=count_summary(self._backfill),
                **_COUNTING,
            )
        except ActivityError as error:
            workflow.logger.warning("window not counted: %s", failure_message(error))
        else:
            self._change(self._state.model_copy(update={"total": total}))

    async def _claim(self, limit: int) -> None:
        """Claim a page. Who cancels does not have to wait for a store that is down."""
        claiming = workflow.start_activity_method(
            BackfillActivities.claim_page,
            self._next_page(limit),
            summary=page_summary(self._state.page, self._state.before and self._state.before[0]),
            **STORE.options,
        )
        await workflow.wait_condition(lambda: claiming.done() or self._is_cancelling())
        if self._is_cancelling():
            await self._last_page(claiming)
        try:
            page = await claiming
        except ActivityError as error:
            if not is_cancelled_exception(error):
                code, message = failure_code(error), failure_message(error)
                self._change(backfills.paused(self._state, workflow.now(), reason=code, error=message))
        else:
            self._change(backfills.with_page(self._state, page, workflow.now()))

    def _next_page(self, limit: int) -> ClaimPageInput:
        backfill, state = self._backfill, self._state
        return ClaimPageInput(
            project_id=backfill.project_id,
            evaluation_id=backfill.evaluation_id,
            # A page that could not be claimed is asked for under the same name: it may be claimed already.
            dispatch_id=f"backfill-{backfill.backfill_id}-{state.page}",
            origin=Origin.BACKFILL,
            since=backfill.since,
            until=backfill.until,
            before=state.before,
            limit=limit,
        )

    async def _last_page(self, claiming: workflow.ActivityHandle[ClaimedPage]) -> None:
        """Wait a moment, so that what is being claimed is judged at once and not left to `reconcile`."""
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                claiming.done, timeout=_LAST_PAGE, timeout_summary="Wait for the page that is being claimed"
            )
        claiming.cancel()

    def _is_cancelling(self) -> bool:
        return self._state.status is BackfillStatus.CANCELLING

    async def _start(self, batch: BackfillBatch) -> None:
        given = EvaluationBatchInput(
            batch=batch.batch,
            origin=Origin.BACKFILL,
            reply_to=workflow.info().workflow_id,
            backfill_id=self._backfill.backfill_id,
        )
        # Before it is started: its report may arrive together with the news that it was.
        self._change(backfills.started(self._state, workflow.now()))
        try:
            await workflow.start_child_workflow(
                EvaluationBatch.run,
                given,
                id=evaluation_batch_id(batch.batch.ref),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                priority=fair(Rank.BACKFILL, self._backfill.project_id),
                search_attributes=pairs(
                    (PROJECT, str(self._backfill.project_id)),
                    (EVALUATION, str(self._backfill.evaluation_id)),
                    (TRIGGER, Origin.BACKFILL.value),
                ),
                static_summary=batch_summary(batch.batch),
                static_details=batch_facts(given),
            )
        except WorkflowAlreadyStartedError:
            # `reconcile` was quicker, and is told instead. Once it has ended, the batch counts as silent and
            # is started again, which finds in the ledger what became of it.
            workflow.logger.info("the batch runs already")

    async def _watch_batches(self) -> None:
        """Look after batches that say nothing: one that was terminated never will."""
        while True:
            await workflow.wait_condition(lambda: bool(self._state.in_flight))
            await workflow.sleep(_SILENCE, summary="Time to look after silent batches")
            silent = backfills.silent_since(self._state, workflow.now() - _SILENCE)
            if silent:
                await self._look_after(silent)

    async def _look_after(self, silent: tuple[BatchRef, ...]) -> None:
        try:
            answer = await workflow.execute_activity_method(
                BackfillActivities.batches_not_running,
                BatchesQuestion(batches=silent),
                summary=batches_check_summary(len(silent)),
                **STORE.options,
            )
        except ActivityError as error:
            workflow.logger.warning("batches not looked after: %s", failure_message(error))
        else:
            self._change(backfills.without_report(self._state, answer.not_running))

    async def _continue_as_new(self) -> None:
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self._backfill.model_copy(update={"state": self._state}))

    def _require_sense(self, command: BackfillCommand) -> None:
        if refused := backfills.refusal(command, self._state.status):
            raise ApplicationError(refused, type=Conflict.code, non_retryable=True)

    def _change(self, state: BackfillState) -> None:
        before, self._state = self._state, state
        if state.status is not before.status:
            runs = state.status is BackfillStatus.RUNNING
            workflow.upsert_search_attributes(
                [OUTCOME.value_unset() if runs else OUTCOME.value_set(state.status)]
            )
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(progress_details(self.progress()))
