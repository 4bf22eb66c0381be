"""`evaluation-backfill`: pages, batches in flight, commands, and what can go wrong; its world is scripted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from assay.contracts.evaluation_backfills import BackfillProgress, BackfillStatus
from assay.contracts.evaluation_batches import (
    BatchFinished,
    BatchTally,
    ClaimedPage,
    EvaluationBatchInput,
    Origin,
)
from assay.domain.backfills import WINDOW
from assay.errors import StoreRejected, StoreUnavailable
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.plugin import AssayPlugin
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, OUTCOME, PROJECT, TRIGGER
from tests.harness.temporal import dev_server, time_skipping_server
from tests.workflows.backfill_world import (
    SILENCE,
    UNTIL,
    WAIT,
    ScriptedBatch,
    World,
    a_backfill,
    a_batch,
    a_tally,
    start,
)
from tests.workflows.scripted_batches import until
from workflows.evaluation_backfills import EvaluationBackfill

Handle = WorkflowHandle[EvaluationBackfill, BackfillProgress]


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A server for each test: after some of these, one would no longer skip time for the next."""
    async with time_skipping_server() as environment:
        yield environment


@asynccontextmanager
async def started(client: Client, world: World) -> AsyncIterator[Handle]:
    """A backfill in a world; when the block ends, its history must replay."""
    async with world.workers(client):
        handle = await start(client)
        try:
            yield handle
        finally:
            with contextlib.suppress(RPCError):
                await handle.terminate()  # one that a test leaves behind would go on in the next test
        history = await handle.fetch_history()
    await Replayer(workflows=[EvaluationBackfill], plugins=[AssayPlugin()]).replay_workflow(history)


async def until_progress(handle: Handle, holds: Callable[[BackfillProgress], bool]) -> BackfillProgress:
    async with asyncio.timeout(40):
        while True:
            progress = await handle.query(EvaluationBackfill.progress)
            if holds(progress):
                return progress
            await asyncio.sleep(0.005)


SPARE = [WAIT] * 6
"""For two batches that wait; a busy server may ask for the script of a batch more than once."""


async def report(client: Client, given: EvaluationBatchInput, tally: BatchTally | None = None) -> None:
    """Let a batch that waits come to its end."""
    batch = client.get_workflow_handle(evaluation_batch_id(given.batch.ref))
    await batch.signal(ScriptedBatch.judged, tally or a_tally(given.batch.size))


async def refused(command: Awaitable[object]) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as failure:
        await command
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "conflict"
    return failure.value.cause.message


async def test_a_window_is_judged_page_by_page(skipping: WorkflowEnvironment) -> None:
    world = World(history=1_850)
    async with started(skipping.client, world) as handle:
        result = await handle.result()

    assert result.status is BackfillStatus.COMPLETED
    assert (result.total, result.seen, result.claimed, result.judged) == (1_850,) * 4
    assert (result.outcomes, result.cost_usd) == ({"pass": 1_850}, pytest.approx(18.5))
    assert (result.done, result.remaining_cost_usd, result.remaining_seconds) == (1.0, 0.0, 0.0)
    assert sum(given.batch.size for given in world.batches) == 1_850
    for number, page in enumerate(world.pages):
        assert page.dispatch_id == f"backfill-{result.backfill_id}-{number}"
        assert (page.origin, page.until) == (Origin.BACKFILL, UNTIL)
    befores = [page.before for page in world.pages]
    assert befores == [None, *(page.before for page in world.answered.values())][: len(befores)]
    assert all(given.origin is Origin.BACKFILL for given in world.batches)
    assert {given.backfill_id for given in world.batches} == {result.backfill_id}
    assert {given.reply_to for given in world.batches} == {handle.id}


async def test_an_empty_window_is_through_at_once(skipping: WorkflowEnvironment) -> None:
    world = World(history=0)
    async with started(skipping.client, world) as handle:
        result = await handle.result()
    assert (result.status, result.done, len(world.pages)) == (BackfillStatus.COMPLETED, 1.0, 1)


async def test_no_more_is_claimed_than_can_be_in_flight(skipping: WorkflowEnvironment) -> None:
    world = World(history=2_000, tallies=[WAIT] * 10)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        await report(skipping.client, world.batches[0])
        one_place = await until_progress(handle, lambda progress: progress.judged == 200)
        assert (one_place.claimed, one_place.batches_in_flight, one_place.outstanding) == (800, 3, 600)

        await report(skipping.client, world.batches[1])
        await until(lambda: len(world.batches) == WINDOW + 2)
        assert [page.limit for page in world.pages] == [800, 400]

        for number in range(2, 10):
            await until(lambda number=number: len(world.batches) > number)
            await report(skipping.client, world.batches[number])
        assert (await handle.result()).judged == 2_000


async def test_more_batches_than_places_wait_for_their_turn(skipping: WorkflowEnvironment) -> None:
    world = World(history=800, batch_size=100, tallies=[WAIT] * 8)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        progress = await until_progress(handle, lambda progress: progress.claimed == 800)
        assert progress.batches_in_flight == WINDOW
        for number in range(8):
            await until(lambda number=number: len(world.batches) > number)
            assert len(world.batches) <= number + WINDOW
            await report(skipping.client, world.batches[number])
        assert (await handle.result()).judged == 800


async def test_a_pause_lets_batches_finish_and_starts_none(skipping: WorkflowEnvironment) -> None:
    world = World(history=1_600, tallies=[WAIT] * WINDOW)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        answer = await handle.execute_update(EvaluationBackfill.pause)
        assert (answer.status, answer.reason, answer.batches_in_flight) == (BackfillStatus.PAUSED, None, 4)
        for given in list(world.batches):
            await report(skipping.client, given)
        progress = await until_progress(handle, lambda progress: progress.judged == 800)
        assert (progress.status, progress.done) == (BackfillStatus.PAUSED, 0.5)
        assert len(world.pages) == 1

        answer = await handle.execute_update(EvaluationBackfill.resume)
        assert answer.status is BackfillStatus.RUNNING
        assert (await handle.result()).judged == 1_600


async def test_commands_that_make_no_sense_are_refused(skipping: WorkflowEnvironment) -> None:
    world = World(history=400, tallies=list(SPARE))
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == 2)
        said = await refused(handle.execute_update(EvaluationBackfill.resume))
        assert said == "The backfill is not paused: it is running."
        for _ in range(2):
            answer = await handle.execute_update(EvaluationBackfill.pause)
            assert answer.status is BackfillStatus.PAUSED
        for _ in range(2):
            answer = await handle.execute_update(EvaluationBackfill.cancel)
            assert answer.status is BackfillStatus.CANCELLING
        for command in (EvaluationBackfill.pause, EvaluationBackfill.resume):
            said = await refused(handle.execute_update(command))
            assert said.startswith("The backfill is being cancelled")
        for given in list(world.batches):
            await report(skipping.client, given)
        await handle.result()
        with pytest.raises(RPCError) as gone:
            await handle.execute_update(EvaluationBackfill.cancel)
        assert gone.value.status is RPCStatusCode.NOT_FOUND


async def test_a_cancelled_backfill_ends_with_what_was_in_flight(skipping: WorkflowEnvironment) -> None:
    world = World(history=1_600, tallies=[WAIT] * WINDOW)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        await handle.execute_update(EvaluationBackfill.cancel)
        for given in list(world.batches):
            await report(skipping.client, given)
        result = await handle.result()
    assert (result.status, result.judged, result.outstanding) == (BackfillStatus.CANCELLED, 800, 0)
    assert (len(world.pages), result.done) == (1, 0.5)


async def test_cancelling_the_workflow_is_the_same(skipping: WorkflowEnvironment) -> None:
    world = World(history=1_600, tallies=[WAIT] * WINDOW)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        await handle.cancel()
        await until_progress(handle, lambda progress: progress.status is BackfillStatus.CANCELLING)
        for given in list(world.batches):
            await report(skipping.client, given)
        result = await handle.result()
    assert (result.status, result.judged) == (BackfillStatus.CANCELLED, 800)


@pytest.mark.parametrize("command", ["pause", "cancel"])
async def test_a_page_that_is_being_claimed_meanwhile_is_judged(
    skipping: WorkflowEnvironment, command: str
) -> None:
    claiming = asyncio.Event()
    world = World(history=1_600, page_faults=[claiming.wait])
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.pages) == 1)
        await handle.execute_update(command, result_type=BackfillProgress)
        claiming.set()
        progress = await until_progress(handle, lambda progress: progress.judged == 800)
        if command == "pause":
            assert progress.status is BackfillStatus.PAUSED
            await handle.execute_update(EvaluationBackfill.cancel)
        result = await handle.result()
    assert (result.status, len(world.pages)) == (BackfillStatus.CANCELLED, 1)
    assert result.outstanding == 0


async def test_who_cancels_does_not_wait_for_a_store_that_is_down(skipping: WorkflowEnvironment) -> None:
    world = World(page_faults=[StoreUnavailable("ClickHouse does not answer")] * 10_000)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.pages) >= 1)
        await handle.execute_update(EvaluationBackfill.cancel)
        result = await handle.result()
    assert (result.status, result.claimed) == (BackfillStatus.CANCELLED, 0)


async def test_an_evaluation_in_error_pauses_the_backfill(skipping: WorkflowEnvironment) -> None:
    world = World(history=300, page_faults=[ClaimedPage(stopped="hog_error")])
    async with started(skipping.client, world) as handle:
        paused = await until_progress(handle, lambda progress: progress.status is BackfillStatus.PAUSED)
        assert (paused.reason, paused.seen) == ("hog_error", 0)

        resumed = await handle.execute_update(EvaluationBackfill.resume)
        assert (resumed.status, resumed.reason) == (BackfillStatus.RUNNING, None)
        result = await handle.result()
    assert (result.judged, len(world.pages)) == (300, 2)
    assert world.pages[1].before is None, "the page that was stopped is still to come"
    assert world.pages[0].dispatch_id != world.pages[1].dispatch_id


async def test_a_stopped_batch_goes_on_after_resume(skipping: WorkflowEnvironment) -> None:
    stopped = a_tally(200, outcomes={"pass": 40, "fail": 10}, cost_usd=0.5, stopped="ai_consent_missing")
    rest = a_tally(200, outcomes={"pass": 145}, cost_usd=1.45, recorded_before=55)
    world = World(history=1_600, tallies=[*[WAIT] * WINDOW, rest])
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        await report(skipping.client, world.batches[0], stopped)
        paused = await until_progress(handle, lambda progress: progress.reason is not None)
        assert (paused.reason, paused.judged, paused.outstanding) == ("ai_consent_missing", 50, 800)
        stopped_batch = world.batches[0].batch.ref
        for given in world.batches[1:]:
            await report(skipping.client, given)
        await until_progress(handle, lambda progress: progress.judged == 650)
        assert len(world.batches) == WINDOW, "nothing is started while the evaluation judges nothing"

        await handle.execute_update(EvaluationBackfill.resume)
        result = await handle.result()
    assert world.batches[WINDOW].batch.ref == stopped_batch
    # 50 of the 55 that were in the ledger are verdicts of the batch itself.
    assert (result.judged, result.recorded_before) == (1_595, 5)
    assert result.outcomes == {"pass": 1_585, "fail": 10}
    assert (result.status, result.outstanding) == (BackfillStatus.COMPLETED, 0)


async def test_a_backfill_that_paused_itself_can_be_cancelled(skipping: WorkflowEnvironment) -> None:
    world = World(history=200, tallies=[a_tally(200, outcomes={"pass": 7}, stopped="hog_error")])
    async with started(skipping.client, world) as handle:
        await until_progress(handle, lambda progress: progress.reason == "hog_error")
        await handle.execute_update(EvaluationBackfill.cancel)
        result = await handle.result()
    assert (result.status, result.judged, result.outstanding) == (BackfillStatus.CANCELLED, 7, 200)


async def test_a_deleted_evaluation_ends_the_backfill(skipping: WorkflowEnvironment) -> None:
    world = World(history=1_600, tallies=[WAIT] * WINDOW)
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == WINDOW)
        for number, given in enumerate(list(world.batches)):
            tally = a_tally(200, outcomes={"pass": number}, stopped="deleted")
            await report(skipping.client, given, tally)
        result = await handle.result()
    assert (result.status, result.reason, result.judged) == (BackfillStatus.STOPPED, "deleted", 6)
    assert len(world.pages) == 1


async def test_a_page_that_cannot_be_claimed_pauses_with_the_error(skipping: WorkflowEnvironment) -> None:
    world = World(history=200, page_faults=[StoreRejected("no such column")])
    async with started(skipping.client, world) as handle:
        paused = await until_progress(handle, lambda progress: progress.status is BackfillStatus.PAUSED)
        assert (paused.reason, paused.last_error) == ("store_rejected", "no such column")
        await handle.execute_update(EvaluationBackfill.resume)
        result = await handle.result()
    assert (result.judged, result.last_error) == (200, None)
    first, second = world.pages
    assert first.dispatch_id == second.dispatch_id, "it may have been claimed"


async def test_an_outage_is_waited_out(skipping: WorkflowEnvironment) -> None:
    world = World(history=200, page_faults=[StoreUnavailable("ClickHouse does not answer")] * 50)
    async with started(skipping.client, world) as handle:
        result = await handle.result()
    assert (result.status, result.judged, len(world.pages)) == (BackfillStatus.COMPLETED, 200, 51)


async def test_a_window_that_cannot_be_counted_is_judged_all_the_same(
    skipping: WorkflowEnvironment,
) -> None:
    world = World(
        history=1_000, count_faults=[StoreUnavailable("too busy")] * 10_000, tallies=[a_tally(200), WAIT]
    )
    async with started(skipping.client, world) as handle:
        waiting = asyncio.create_task(handle.result())  # time is skipped for somebody who waits
        await until(lambda: len(world.batches) == 5)
        progress = await handle.query(EvaluationBackfill.progress)
        assert (progress.total, progress.done, progress.remaining_cost_usd) == (None, None, None)
        await report(skipping.client, world.batches[1])
        result = await waiting
    assert (result.status, result.judged, result.done) == (BackfillStatus.COMPLETED, 1_000, 1.0)


async def test_a_batch_that_ended_without_a_word_is_started_again(skipping: WorkflowEnvironment) -> None:
    known = a_tally(200, outcomes={}, recorded_before=200, cost_usd=0.0)
    world = World(history=600, tallies=[SILENCE, a_tally(200), a_tally(200), known])
    async with started(skipping.client, world) as handle:
        result = await handle.result()
    assert [len(question.batches) for question in world.questions] == [1]
    first, *_, last = world.batches
    assert first.batch == last.batch
    assert (result.status, result.judged, result.recorded_before) == (BackfillStatus.COMPLETED, 400, 200)


async def test_a_batch_that_never_says_a_word_is_given_up(skipping: WorkflowEnvironment) -> None:
    world = World(history=200, tallies=[SILENCE] * 100)
    async with started(skipping.client, world) as handle:
        result = await handle.result()
    assert len(world.batches) == 3
    assert (result.status, result.unreported, result.outstanding) == (BackfillStatus.COMPLETED, 200, 0)
    assert result.last_error == "A batch ended without a report; it was given up."


async def test_a_long_batch_is_left_alone(skipping: WorkflowEnvironment) -> None:
    world = World(history=200, tallies=[WAIT])
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == 1)
        world.running = {world.batches[0].batch.ref}
        waiting = asyncio.create_task(handle.result())  # time is skipped for somebody who waits
        await until(lambda: len(world.questions) >= 5)
        await report(skipping.client, world.batches[0])
        result = await waiting
    assert (len(world.batches), result.judged, result.last_error) == (1, 200, None)


async def test_a_batch_that_somebody_else_runs_is_counted_when_it_has_ended(
    skipping: WorkflowEnvironment,
) -> None:
    known = a_tally(200, outcomes={}, recorded_before=200, cost_usd=0.0)
    world = World(history=200, tallies=[WAIT, known])
    claiming = asyncio.Event()
    world.page_faults = [claiming.wait]
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.pages) == 1)
        other = EvaluationBatchInput(
            batch=a_batch(world.pages[0], 0, 200), origin=Origin.LIVE, reply_to="nobody"
        )
        await skipping.client.start_workflow(
            ScriptedBatch.run, other, id=evaluation_batch_id(other.batch.ref), task_queue=TaskQueue.MAIN
        )
        await until(lambda: len(world.batches) == 1)
        claiming.set()
        await until_progress(handle, lambda progress: progress.batches_in_flight == 1)
        await report(skipping.client, other, SILENCE)
        result = await handle.result()
    assert [given.reply_to for given in world.batches] == ["nobody", handle.id]
    assert (result.status, result.recorded_before, result.outstanding) == (BackfillStatus.COMPLETED, 200, 0)


async def test_reports_that_come_twice_or_from_nowhere_count_once(skipping: WorkflowEnvironment) -> None:
    world = World(history=400, tallies=list(SPARE))
    async with started(skipping.client, world) as handle:
        await until(lambda: len(world.batches) == 2)
        ref = world.batches[0].batch.ref
        stranger = ref.model_copy(update={"dispatch_id": "somebody else's"})
        for known in (ref, ref, stranger):
            await handle.signal("batch_finished", BatchFinished(ref=known, tally=a_tally(200)))
        progress = await until_progress(handle, lambda progress: progress.judged > 0)
        assert (progress.judged, progress.outstanding) == (200, 200)
        for given in list(world.batches):
            await report(skipping.client, given)
        assert (await handle.result()).judged == 400


async def told(handle: Handle, command: Any) -> BackfillProgress:
    """The answer to a command; one that meets the moment of continuing as new is not taken, and sent again."""
    for _ in range(20):
        try:
            answer: BackfillProgress = await handle.execute_update(command)
        except RPCError:
            await asyncio.sleep(0.05)
        else:
            return answer
    raise AssertionError("the command was never taken")


async def test_it_continues_as_new_with_batches_in_flight() -> None:
    """Every few events, on the real server: nothing is lost, doubled or started twice."""
    world = World(history=2_000, tallies=[WAIT] * 3)
    config = {"limit__historyCount__suggestContinueAsNew": "25"}
    async with dev_server(**config) as client, world.workers(client):
        backfill = a_backfill()
        handle = await start(client, backfill)
        await until(lambda: len(world.batches) >= WINDOW)
        first_run = (await handle.describe()).run_id
        paused = await told(handle, EvaluationBackfill.pause)
        assert paused.batches_in_flight >= 3
        await told(handle, EvaluationBackfill.resume)
        for given in world.batches[:3]:
            await report(client, given)
        result = await handle.result()
        described = await handle.describe()
        batch = await client.get_workflow_handle(evaluation_batch_id(world.batches[0].batch.ref)).describe()

    assert described.run_id != first_run
    assert (result.status, result.judged, result.seen) == (BackfillStatus.COMPLETED, 2_000, 2_000)
    assert len({given.batch.ref for given in world.batches}) == len(world.batches) == 10
    assert result.total == 2_000
    assert described.typed_search_attributes[OUTCOME] == "completed"
    assert described.typed_search_attributes[EVALUATION] == str(backfill.evaluation_id)
    attributes = batch.typed_search_attributes
    assert (attributes[PROJECT], attributes[TRIGGER]) == ("1", "backfill")
    priority = batch.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (5, "1")


async def test_the_temporal_ui_tells_the_state(server: Client) -> None:
    world = World(history=400, tallies=list(SPARE))
    async with started(server, world) as handle:
        await until(lambda: len(world.batches) == 2)
        await handle.execute_update(EvaluationBackfill.pause)
        described = await handle.describe()
        assert described.typed_search_attributes[OUTCOME] == "paused"
        await handle.execute_update(EvaluationBackfill.resume)
        described = await handle.describe()
        assert OUTCOME not in described.typed_search_attributes
        details = await handle.query("__temporal_workflow_metadata", result_type=dict)
        assert "▶️ running" in str(details)
        for given in list(world.batches):
            await report(server, given)
        await handle.result()
        assert (await handle.describe()).typed_search_attributes[OUTCOME] == "completed"
