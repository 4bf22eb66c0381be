"""Workflows with the names and messages of the real ones, in which tests decide what happens.

The stream claims with its real activity; a batch judges nothing by itself.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from activities.evaluation_streams import EvaluationStreamActivities
from assay.contracts.evaluation_batches import (
    BatchFinished,
    ClaimedPage,
    ClaimPageInput,
    EvaluationBatchInput,
    EvaluationStreamInput,
)


@workflow.defn(name="evaluation-stream")
class Stream:
    """Stands still where it was started; tells what it was told."""

    @workflow.init
    def __init__(self, given: EvaluationStreamInput) -> None:
        self._state = given
        self._wakes = 0
        self._finished: list[BatchFinished] = []

    @workflow.run
    async def run(self, given: EvaluationStreamInput) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.signal
    def wake(self) -> None:
        self._wakes += 1

    @workflow.signal
    def batch_finished(self, finished: BatchFinished) -> None:
        self._finished.append(finished)

    @workflow.update
    async def claim_page(self, page: ClaimPageInput) -> ClaimedPage:
        return await workflow.execute_activity_method(
            EvaluationStreamActivities.claim_page, page, start_to_close_timeout=timedelta(seconds=20)
        )

    @workflow.query
    def state(self) -> EvaluationStreamInput:
        return self._state

    @workflow.query
    def wakes(self) -> int:
        return self._wakes

    @workflow.query
    def finished(self) -> list[BatchFinished]:
        return self._finished


@workflow.defn(name="evaluation-batch")
class Batch:
    """Runs, as if parked, until it is told to end."""

    def __init__(self) -> None:
        self._ends = False

    @workflow.run
    async def run(self, given: EvaluationBatchInput) -> None:
        await workflow.wait_condition(lambda: self._ends)

    @workflow.signal
    def end(self) -> None:
        self._ends = True
