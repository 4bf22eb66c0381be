"""`evaluation-stream` on the real server, its activities scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.worker import Worker

from assay.contracts.evaluation_batches import (
    BatchFinished,
    BatchTally,
    EvaluationStreamInput,
    Origin,
)
from assay.domain.sampling import MAX_BATCHES_IN_FLIGHT, MAX_IN_FLIGHT
from assay.errors import StoreRejected, StoreUnavailable
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.queues import TaskQueue
from tests.harness.temporal import time_skipping_server
from tests.workflows.scripted_batches import EVALUATION, ScriptedArrivals, ScriptedBatches, a_page, until
from workflows.evaluation_batches import EvaluationBatch
from workflows.evaluation_streams import EvaluationStream

Stream = WorkflowHandle[EvaluationStream, None]
PROJECTS = count(1)


@asynccontextmanager
async def running(
    client: Client, arrivals: ScriptedArrivals, batches: ScriptedBatches
) -> AsyncIterator[Stream]:
    """A stream under workers that live as long as the block."""
    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[EvaluationStream, EvaluationBatch],
            activities=arrivals.all,
            max_concurrent_activities=4,
        ),
        Worker(client, task_queue=TaskQueue.COMPUTE, activities=[batches.evaluate_hog]),
    ):
        project = next(PROJECTS)
        stream = await client.start_workflow(
            EvaluationStream.run,
            EvaluationStreamInput(project_id=project),
            id=f"stream-{uuid4()}",
            task_queue=TaskQueue.MAIN,
        )
        try:
            yield stream
        finally:
            await stream.terminate()


async def state(stream: Stream) -> EvaluationStreamInput:
    return await stream.query(EvaluationStream.state)


async def test_what_waits_at_the_start_is_judged_and_then_there_is_peace(
    server: Client,
) -> None:
    arrivals, batches = ScriptedArrivals(450), ScriptedBatches()
    async with running(server, arrivals, batches) as stream:
        await until(lambda: len(batches.judged) == 3)
        await until(lambda: arrivals.waiting == 0)
        await asyncio.sleep(0.2)
        assert len(arrivals.dispatches) == 1
        assert (await state(stream)).in_flight == ()
    assert sorted(given.batch.size for given in batches.judged) == [50, 200, 200]
    assert {given.origin for given in batches.judged} == {Origin.LIVE}


async def test_a_wake_makes_one_dispatch_and_positions_go_on(server: Client) -> None:
    arrivals, batches = ScriptedArrivals(), ScriptedBatches()
    async with running(server, arrivals, batches) as stream:
        await until(lambda: len(arrivals.dispatches) == 1)
        arrivals.waiting = 10
        await stream.signal(EvaluationStream.wake)
        await until(lambda: len(batches.judged) == 1)
        await stream.signal(EvaluationStream.wake)
        await until(lambda: len(arrivals.dispatches) == 3)
        places = [found.place.uuid.int for found in arrivals.dispatches[-1].positions.values()]
    assert places == [10]
    assert len({given.dispatch_id for given in arrivals.dispatches}) == 3


async def test_a_bounded_number_of_targets_is_in_flight_and_nothing_is_lost(
    server: Client,
) -> None:
    gate = asyncio.Event()
    arrivals, batches = ScriptedArrivals(5 * MAX_IN_FLIGHT + 7), ScriptedBatches(gate=gate)
    async with running(server, arrivals, batches) as stream:
        await until(lambda: batches.under_way == MAX_IN_FLIGHT // 200)
        await stream.signal(EvaluationStream.wake)
        await asyncio.sleep(0.2)
        assert arrivals.claimed == MAX_IN_FLIGHT
        gate.set()
        await until(lambda: arrivals.waiting == 0 and batches.under_way == 0)
        await until(lambda: sum(given.batch.size for given in batches.judged) == 5 * MAX_IN_FLIGHT + 7)
    assert batches.most_under_way <= MAX_IN_FLIGHT // 200


async def test_small_batches_are_bounded_in_number(server: Client) -> None:
    gate = asyncio.Event()
    arrivals, batches = ScriptedArrivals(batch=1), ScriptedBatches(gate=gate)
    async with running(server, arrivals, batches) as stream:
        for number in range(MAX_BATCHES_IN_FLIGHT + 5):
            arrivals.waiting += 1
            await stream.signal(EvaluationStream.wake)
            await until(lambda seen=number: len(arrivals.dispatches) > seen)  # type: ignore[misc]
        await asyncio.sleep(0.2)
        assert arrivals.claimed == MAX_BATCHES_IN_FLIGHT
        gate.set()
        await until(lambda: arrivals.waiting == 0)


async def test_room_that_comes_while_a_dispatch_is_under_way_is_used(server: Client) -> None:
    arrivals, batches = ScriptedArrivals(3 * MAX_IN_FLIGHT), ScriptedBatches()
    async with running(server, arrivals, batches):
        await until(lambda: arrivals.waiting == 0)
        await until(lambda: sum(given.batch.size for given in batches.judged) == 3 * MAX_IN_FLIGHT)


async def test_a_store_that_is_away_is_waited_for(server: Client) -> None:
    arrivals, batches = ScriptedArrivals(5), ScriptedBatches()
    arrivals.failures = [StoreUnavailable("away")] * 3
    async with running(server, arrivals, batches):
        await until(lambda: len(batches.judged) == 1)
    assert len({given.dispatch_id for given in arrivals.dispatches}) == 1


async def test_a_failure_that_no_retry_mends_does_not_end_the_stream() -> None:
    arrivals, batches = ScriptedArrivals(5), ScriptedBatches()
    arrivals.failures = [StoreRejected("a defect")]
    async with time_skipping_server() as skipping, running(skipping.client, arrivals, batches):
        await until(lambda: bool(arrivals.dispatches))
        await skipping.sleep(61)
        await until(lambda: len(batches.judged) == 1)


async def test_a_batch_that_nobody_hears_of_can_be_reported(server: Client) -> None:
    gate = asyncio.Event()
    arrivals, batches = ScriptedArrivals(MAX_IN_FLIGHT + 1), ScriptedBatches(gate=gate)
    async with running(server, arrivals, batches) as stream:
        await until(lambda: batches.under_way == MAX_IN_FLIGHT // 200)
        for lost in (await state(stream)).in_flight[: MAX_IN_FLIGHT // 400]:
            assert arrivals.waiting == 1
            await server.get_workflow_handle(evaluation_batch_id(lost.ref)).terminate()
            told = BatchFinished(ref=lost.ref, tally=BatchTally(size=lost.size, stopped="not_running"))
            await stream.signal(EvaluationStream.batch_finished, told)
        await until(lambda: arrivals.waiting == 0)
        gate.set()


async def test_pages_are_claimed_in_turn(server: Client) -> None:
    arrivals, batches = ScriptedArrivals(), ScriptedBatches()
    async with running(server, arrivals, batches) as stream:
        project = (await state(stream)).project_id
        pages = await asyncio.gather(
            *(
                stream.execute_update(EvaluationStream.claim_page, a_page(project, f"backfill-{number}"))
                for number in range(4)
            )
        )
    assert sorted(page.batches[0].ref.dispatch_id for page in pages) == [f"backfill-{n}" for n in range(4)]


async def test_a_page_that_fails_is_told_and_keeps_nobody_waiting(server: Client) -> None:
    arrivals, batches = ScriptedArrivals(), ScriptedBatches()
    arrivals.page_failures = [StoreUnavailable("the query took too long")]
    async with running(server, arrivals, batches) as stream:
        project = (await state(stream)).project_id
        with pytest.raises(WorkflowUpdateFailedError):
            await stream.execute_update(EvaluationStream.claim_page, a_page(project, "x"), id="first")
        arrivals.waiting = 1
        await stream.signal(EvaluationStream.wake)
        await until(lambda: len(batches.judged) == 1)
        page = await stream.execute_update(EvaluationStream.claim_page, a_page(project, "x"), id="second")
    assert page.seen == 3
    assert len(arrivals.pages) == 2


async def test_a_page_of_another_project_is_refused(server: Client) -> None:
    arrivals, batches = ScriptedArrivals(), ScriptedBatches()
    async with running(server, arrivals, batches) as stream:
        with pytest.raises(WorkflowUpdateFailedError):
            await stream.execute_update(EvaluationStream.claim_page, a_page(10_000_000, "x"))
    assert arrivals.pages == []


async def test_a_long_stream_continues_as_new_with_all_it_knows(
    server: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    arrivals, batches = ScriptedArrivals(3), ScriptedBatches(gate=gate)
    async with running(server, arrivals, batches) as stream:
        await until(lambda: batches.under_way == 1)
        first = (await stream.describe()).run_id
        before = await state(stream)
        for _ in range(1_000):
            await stream.signal(EvaluationStream.wake)
            if (await stream.describe()).run_id != first:
                break
        after = await state(server.get_workflow_handle_for(EvaluationStream.run, stream.id))
        assert after.in_flight == before.in_flight
        assert after.sequence >= before.sequence
        assert set(after.positions) == {EVALUATION}
        gate.set()
        await until(lambda: batches.under_way == 0)
    ids = [given.dispatch_id for given in arrivals.dispatches]
    assert len(set(ids)) == len(ids)
