"""Cases of `evaluation-backfill` of which histories are recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from temporalio.client import Client, WorkflowHandle

from assay.contracts.evaluation_batches import ClaimedPage
from assay.errors import StoreRejected, StoreUnavailable
from assay.temporal.ids import evaluation_batch_id
from tests.workflows.backfill_world import WAIT, ScriptedBatch, World, a_tally, start
from tests.workflows.scripted_batches import until
from workflows.evaluation_backfills import EvaluationBackfill

_Handle = WorkflowHandle[EvaluationBackfill, Any]


async def completed(client: Client) -> _Handle:
    """Several pages, one of them after an outage, and one batch more than there are places."""
    world = World(history=1_850, batch_size=160, page_faults=[StoreUnavailable("too busy")])
    async with world.workers(client):
        handle = await start(client)
        await handle.result()
    return handle


async def commanded(client: Client) -> _Handle:
    """Paused, resumed and cancelled by a person, with batches in flight."""
    world = World(history=10_000, tallies=[WAIT] * 4)
    async with world.workers(client):
        handle = await start(client)
        await until(lambda: len(world.batches) == 4)
        for command in (EvaluationBackfill.pause, EvaluationBackfill.resume, EvaluationBackfill.cancel):
            await handle.execute_update(command)
        await _report_all(client, world)
        await handle.result()
    return handle


async def stopped(client: Client) -> _Handle:
    """Stopped by the evaluation, by a batch and by a defect; resumed each time; the evaluation is deleted."""
    world = World(
        history=10_000,
        tallies=[a_tally(200, outcomes={"pass": 5}, stopped="hog_error")],
        page_faults=[ClaimedPage(stopped="ai_consent_missing"), StoreRejected("a defect")],
    )
    async with world.workers(client):
        handle = await start(client)
        for _ in range(3):
            await _paused(handle)
            await handle.execute_update(EvaluationBackfill.resume)
        world.page_faults = [ClaimedPage(stopped="deleted")]
        await handle.result()
    return handle


async def cancelled_workflow(client: Client) -> _Handle:
    """Cancelled in the Temporal UI."""
    world = World(history=400, tallies=[WAIT] * 2)
    async with world.workers(client):
        handle = await start(client)
        await until(lambda: len(world.batches) == 2)
        await handle.cancel()
        await _report_all(client, world)
        await handle.result()
    return handle


async def _report_all(client: Client, world: World) -> None:
    for given in world.batches:
        batch = client.get_workflow_handle(evaluation_batch_id(given.batch.ref))
        await batch.signal(ScriptedBatch.judged, a_tally(given.batch.size))


async def _paused(handle: _Handle) -> None:
    while (await handle.query(EvaluationBackfill.progress)).status != "paused":
        pass


BACKFILLS: Mapping[str, Callable[[Client], Awaitable[_Handle]]] = {
    "completed": completed,
    "commanded": commanded,
    "stopped": stopped,
    "cancelled-workflow": cancelled_workflow,
}
