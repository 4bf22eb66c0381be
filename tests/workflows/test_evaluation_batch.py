"""`evaluation-batch` on a real server, its activities scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from assay.contracts.evaluation_batches import BatchFinished, BatchTally, EvaluationBatchInput
from assay.contracts.evaluations import EvaluationType
from assay.errors import RateLimited, StoreRejected, StoreUnavailable
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import OUTCOME
from tests.workflows.scripted_batches import ScriptedBatches, a_batch, a_batch_input, until
from workflows.evaluation_batches import EvaluationBatch


@workflow.defn(name="waiting")
class Waiting:
    """Waits for one batch and returns what it is told."""

    def __init__(self) -> None:
        self._told: BatchFinished | None = None

    @workflow.run
    async def run(self) -> BatchFinished:
        await workflow.wait_condition(lambda: self._told is not None)
        assert self._told is not None
        return self._told

    @workflow.signal
    def batch_finished(self, finished: BatchFinished) -> None:
        self._told = finished


@asynccontextmanager
async def workers(client: Client, activities: ScriptedBatches) -> AsyncIterator[None]:
    async with (
        Worker(client, task_queue=TaskQueue.MAIN, workflows=[EvaluationBatch, Waiting]),
        Worker(client, task_queue=TaskQueue.LLM, activities=[activities.judge]),
        Worker(client, task_queue=TaskQueue.COMPUTE, activities=[activities.evaluate_hog]),
    ):
        yield


async def start(client: Client, given: EvaluationBatchInput) -> WorkflowHandle[EvaluationBatch, BatchTally]:
    return await client.start_workflow(
        EvaluationBatch.run, given, id=evaluation_batch_id(given.batch.ref), task_queue=TaskQueue.MAIN
    )


async def waiting(client: Client) -> WorkflowHandle[Waiting, BatchFinished]:
    return await client.start_workflow(Waiting.run, id=f"waiting-{uuid4()}", task_queue=TaskQueue.MAIN)


async def test_an_outage_of_days_parks_a_batch(skipping: WorkflowEnvironment) -> None:
    outage = [RateLimited("later", retry_after=6 * 3600)] * 12
    activities = ScriptedBatches(*outage, StoreUnavailable("gone"), BatchTally(size=200))
    async with workers(skipping.client, activities):
        handle = await start(skipping.client, a_batch_input())
        await handle.result()
    description = await handle.describe()
    assert description.close_time is not None
    assert description.close_time - description.start_time > timedelta(days=3)
    assert len(activities.judged) == 14


@pytest.mark.parametrize(
    ("evaluation_type", "queue"),
    [(EvaluationType.HOG, "assay-compute"), (EvaluationType.LLM_JUDGE, "assay-llm")],
)
async def test_a_batch_is_judged_by_its_kind_and_whoever_waits_is_told(
    server: Client, evaluation_type: EvaluationType, queue: str
) -> None:
    tally = BatchTally(size=200, outcomes={"pass": 150, "skipped": 50}, skip_reasons={"trace_errored": 50})
    activities = ScriptedBatches(tally)
    async with workers(server, activities):
        told = await waiting(server)
        batch = a_batch(str(uuid4()), evaluation_type=evaluation_type)
        handle = await start(server, a_batch_input(batch, reply_to=told.id))
        assert await handle.result() == tally
        assert await told.result() == BatchFinished(ref=batch.ref, tally=tally)
    assert activities.queues == [queue]
    description = await handle.describe()
    assert description.typed_search_attributes[OUTCOME] == "judged"


async def test_a_batch_that_stops_says_why_and_is_done(server: Client) -> None:
    activities = ScriptedBatches(BatchTally(size=200, stopped="paused"))
    async with workers(server, activities):
        handle = await start(server, a_batch_input())
        assert (await handle.result()).stopped == "paused"
    assert (await handle.describe()).typed_search_attributes[OUTCOME] == "stopped"


async def test_what_no_retry_mends_fails_the_batch_and_whoever_waits_is_told(
    server: Client,
) -> None:
    activities = ScriptedBatches(StoreRejected("a defect"))
    async with workers(server, activities):
        told = await waiting(server)
        handle = await start(server, a_batch_input(reply_to=told.id))
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert (await told.result()).tally.stopped == "store_rejected"
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "store_rejected"


async def test_a_batch_that_is_cancelled_tells_whoever_waits(server: Client) -> None:
    gate = asyncio.Event()
    activities = ScriptedBatches(gate=gate)
    async with workers(server, activities):
        told = await waiting(server)
        handle = await start(server, a_batch_input(reply_to=told.id))
        await until(lambda: bool(activities.judged))
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert (await told.result()).tally.stopped == "cancelled"
        gate.set()
    assert isinstance(failed.value.cause, CancelledError)


async def test_nobody_needs_to_be_there_any_more(server: Client) -> None:
    async with workers(server, ScriptedBatches()):
        handle = await start(server, a_batch_input(reply_to=f"nobody-{uuid4()}"))
        assert (await handle.result()).judged == 200


async def test_progress_is_shown(server: Client) -> None:
    gate = asyncio.Event()
    activities = ScriptedBatches(gate=gate)
    async with workers(server, activities):
        handle = await start(server, a_batch_input())
        await until(lambda: bool(activities.judged))  # progress comes from the activity
        await handle.signal(EvaluationBatch.progress, BatchTally(size=200, outcomes={"pass": 17}))
        shown = await handle.query("__temporal_workflow_metadata")
        assert "17 of 200" in shown.current_details
        gate.set()
        await handle.result()
