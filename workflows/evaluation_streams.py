"""`evaluation-stream`: evaluates what arrives in a project, and is the only one to claim targets there.

Id: `evaluation-stream-{project}`; it never ends, it continues as new.
Messages: signal `wake` (something arrived, or an evaluation changed), signal `batch_finished` (from batches),
update `claim_page` (backfills and sweeps claim through it), query `state`.
Timers: a rest after a failure that is none of an outage. An idle stream costs nothing.
Failure: while a store is away, the dispatch is retried without end. A page is tried once, so that it does not
keep live traffic waiting; who asked for it asks again. What was claimed and not started, because the
workflow was terminated in between, is found by `reconcile`.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

from activities.evaluation_streams import EvaluationStreamActivities
from assay.contracts.evaluation_batches import (
    BatchFinished,
    ClaimedBatch,
    ClaimedPage,
    ClaimPageInput,
    Dispatched,
    DispatchInput,
    EvaluationBatchInput,
    EvaluationStreamInput,
    Origin,
    Position,
)
from assay.domain.batch_details import batch_facts, batch_summary, stream_details
from assay.domain.run_details import failure_details
from assay.domain.sampling import has_room_again
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.retry import CLAIM_PAGE, DISPATCH
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs
from workflows.evaluation_batches import EvaluationBatch

_MAX_EVENTS = 1_000
"""History events after which the stream continues as new: replaying so many takes half a second."""

_REST = timedelta(minutes=1)


@workflow.defn(name="evaluation-stream")
class EvaluationStream:
    """Dispatch when woken, keep a bounded number of batches in flight."""

    @workflow.init
    def __init__(self, given: EvaluationStreamInput) -> None:
        self._project_id = given.project_id
        self._sequence = given.sequence
        self._positions: dict[UUID, Position] = dict(given.positions)
        self._in_flight = {evaluation_batch_id(batch.ref): batch for batch in given.in_flight}
        self._blocked: frozenset[UUID] = frozenset()
        self._awake = True
        self._claimed = 0
        self._failed = False
        self._claiming = asyncio.Lock()

    @workflow.run
    async def run(self, given: EvaluationStreamInput) -> None:
        """Evaluate what arrives, for ever."""
        while not self._is_long():
            await workflow.wait_condition(lambda: self._awake or self._is_long())
            if self._awake:
                await self._dispatch()
        await workflow.wait_condition(workflow.all_handlers_finished)
        workflow.continue_as_new(self.state())

    @workflow.signal
    def wake(self) -> None:
        """Something arrived, or an evaluation changed."""
        self._awake = True

    @workflow.signal
    def batch_finished(self, finished: BatchFinished) -> None:
        """A batch has ended, in whichever way: there is room for another one."""
        self._in_flight.pop(evaluation_batch_id(finished.ref), None)
        self._awake = self._awake or self._goes_on(finished.ref.evaluation_id)
        self._show()

    @workflow.update
    async def claim_page(self, given: ClaimPageInput) -> ClaimedPage:
        """Claim a page of what arrived before, in turn with what arrives."""
        async with self._claiming:
            return await workflow.execute_activity_method(
                EvaluationStreamActivities.claim_page,
                given,
                summary=f"Claim a page for {given.origin}: {given.dispatch_id}"[:200],
                **CLAIM_PAGE.options,
            )

    @claim_page.validator
    def _may_claim(self, given: ClaimPageInput) -> None:
        if given.project_id != self._project_id:
            raise ApplicationError(f"This stream is of project {self._project_id}.", non_retryable=True)
        if self._is_long():  # one page after the other would keep it from continuing as new
            raise ApplicationError("The stream is about to continue as new: ask again.")

    @workflow.query
    def state(self) -> EvaluationStreamInput:
        """Where the evaluations stand, and what is in flight."""
        return EvaluationStreamInput(
            project_id=self._project_id,
            sequence=self._sequence,
            positions=self._positions,
            in_flight=tuple(self._in_flight.values()),
        )

    async def _dispatch(self) -> None:
        self._awake = False
        try:
            async with self._claiming:
                dispatched = await self._claim_what_arrived()
        except ActivityError as error:
            self._failed = True
            await self._rest(error)
            return
        self._failed = False
        self._sequence += 1
        self._positions = dict(dispatched.positions)
        self._blocked = frozenset(dispatched.blocked)
        self._awake = self._awake or dispatched.more
        self._claimed += sum(batch.size for batch in dispatched.batches)
        await asyncio.gather(*(self._start(batch) for batch in dispatched.batches))
        # Batches may have finished while the dispatch took them for being in flight.
        self._awake = self._awake or any(map(self._goes_on, self._blocked))
        self._show()

    async def _claim_what_arrived(self) -> Dispatched:
        # The first run of the chain is part of the name: a stream that was terminated begins at zero again.
        dispatch_id = f"{workflow.info().first_execution_run_id}-{self._sequence}"
        return await workflow.execute_activity_method(
            EvaluationStreamActivities.dispatch,
            DispatchInput(
                project_id=self._project_id,
                dispatch_id=dispatch_id,
                positions=self._positions,
                in_flight={found: (sum(sizes), len(sizes)) for found, sizes in self._in_flight_sizes()},
                again=self._failed,
            ),
            summary=f"Look at what arrived ({self._sequence})",
            **DISPATCH.options,
        )

    async def _rest(self, error: ActivityError) -> None:
        """Wait after a failure that no retry mends, which would end the stream: a person may mend it."""
        if is_cancelled_exception(error):
            raise error
        workflow.set_current_details(failure_details(failure_code(error), failure_message(error)))
        await workflow.sleep(_REST, summary="Rest after a failure")
        self._awake = True

    def _goes_on(self, evaluation_id: UUID) -> bool:
        """Whether an evaluation that had no room has enough again."""
        sizes = self._sizes(evaluation_id)
        return evaluation_id in self._blocked and has_room_again(
            sum(sizes), len(sizes), evaluations=len(self._positions)
        )

    def _in_flight_sizes(self) -> list[tuple[UUID, list[int]]]:
        return [
            (found, self._sizes(found))
            for found in sorted({batch.ref.evaluation_id for batch in self._in_flight.values()})
        ]

    def _sizes(self, evaluation_id: UUID) -> list[int]:
        """Of the batches of an evaluation that are in flight."""
        return [batch.size for batch in self._in_flight.values() if batch.ref.evaluation_id == evaluation_id]

    async def _start(self, batch: ClaimedBatch) -> None:
        batch_id = evaluation_batch_id(batch.ref)
        given = EvaluationBatchInput(batch=batch, origin=Origin.LIVE, reply_to=workflow.info().workflow_id)
        self._in_flight[batch_id] = batch
        try:
            await workflow.start_child_workflow(
                EvaluationBatch.run,
                given,
                id=batch_id,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                priority=fair(Rank.ONLINE, self._project_id),
                search_attributes=pairs(
                    (PROJECT, str(self._project_id)),
                    (EVALUATION, str(batch.ref.evaluation_id)),
                    (TRIGGER, Origin.LIVE.value),
                ),
                static_summary=batch_summary(batch),
                static_details=batch_facts(given),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("the batch runs already")

    def _is_long(self) -> bool:
        """By events, or by bytes: many evaluations that stand in different places make long messages."""
        info = workflow.info()
        return info.get_current_history_length() >= _MAX_EVENTS or info.is_continue_as_new_suggested()

    def _show(self) -> None:
        workflow.set_current_details(
            stream_details(
                sequence=self._sequence,
                in_flight=len(self._in_flight),
                targets=sum(batch.size for batch in self._in_flight.values()),
                blocked=len(self._blocked),
                claimed=self._claimed,
            )
        )
