"""`reconcile` as a workflow, its activities scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import (
    Client,
    ScheduleActionExecutionStartWorkflow,
    ScheduleHandle,
    ScheduleInfo,
    WorkflowFailureError,
)
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from assay.contracts.reconcile import Marks, ReconcileInput, ReconcileResult
from assay.domain.reconcile.marks import HORIZON, JUDGING, SETTLED
from assay.errors import EventsRejected, StoreUnavailable, WorkError
from assay.temporal.plugin import AssayPlugin
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import OUTCOME
from schedules.native import ensure, native_schedules
from tests.unit.reconcile.values import a_batch, a_gap
from tests.workflows.reconcile.scripted import ScriptedReconcile
from workflows.reconcile import Reconcile


def _worker(client: Client, activities: ScriptedReconcile) -> Worker:
    return Worker(client, task_queue=TaskQueue.MAIN, workflows=[Reconcile], activities=activities.all)


async def _run(
    skipping: WorkflowEnvironment, activities: ScriptedReconcile, *, redrives: int = 50
) -> ReconcileResult:
    """Run to the end and replay what happened."""
    client = skipping.client
    async with _worker(client, activities):
        handle = await client.start_workflow(
            Reconcile.run,
            ReconcileInput(redrives=redrives),
            id=f"reconcile-{uuid4()}",
            task_queue=TaskQueue.MAIN,
        )
        result = await handle.result()
    replayer = Replayer(workflows=[Reconcile], plugins=[AssayPlugin()])
    await replayer.replay_workflow(await handle.fetch_history())
    return result


def _down(times: int) -> list[WorkError]:
    return [StoreUnavailable("ClickHouse does not answer") for _ in range(times)]


async def test_with_nothing_to_do_a_run_costs_few_activities(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedReconcile(projects=range(1, 51))

    result = await _run(skipping, activities)

    assert (result.totals.outcome, result.totals.projects) == ("clean", 50)
    assert [len(survey.marks) for survey in activities.surveyed] == [25, 25]
    assert activities.repaired == []
    assert activities.reported == [result.totals]
    assert result.marks.projects == {}


async def test_only_what_needs_it_is_repaired(skipping: WorkflowEnvironment) -> None:
    found = {
        2: {"missing": 8, "gaps": (a_gap("a"), a_gap("b"))},
        3: {"lost": (a_batch(),), "stream_fault": "it did not run"},
    }
    activities = ScriptedReconcile(projects=(1, 2, 3), found=found)

    result = await _run(skipping, activities)

    assert sorted((order.project_id, len(order.gaps), order.wake) for order in activities.repaired) == [
        (2, 2, False),
        (3, 0, True),
    ]
    assert (result.totals.outcome, result.totals.missing) == ("repaired", 8)
    assert (result.totals.redriven, result.totals.released, result.totals.woken) == (2, 1, 1)


async def test_one_run_starts_a_bounded_number_of_batches(skipping: WorkflowEnvironment) -> None:
    many = tuple(a_gap(str(number)) for number in range(6))
    activities = ScriptedReconcile(
        projects=(1, 2), found={1: {"gaps": many, "missing": 6}, 2: {"gaps": many[:2], "missing": 2}}
    )

    result = await _run(skipping, activities, redrives=5)

    assert {order.project_id: len(order.gaps) for order in activities.repaired} == {1: 3, 2: 2}
    assert (result.totals.missing, result.totals.redriven) == (8, 5)


async def test_one_project_that_fails_does_not_stop_the_others(skipping: WorkflowEnvironment) -> None:
    found = {project: {"gaps": (a_gap(),), "missing": 1} for project in (1, 2)}
    found[3] = {"failure": "timed_out"}
    activities = ScriptedReconcile(
        projects=(1, 2, 3), found=found, broken={1: EventsRejected("a verdict is refused")}
    )

    result = await _run(skipping, activities)

    assert [order.project_id for order in activities.repaired] == [2]
    assert (result.totals.outcome, result.totals.failed, result.totals.redriven) == ("failed", 2, 1)


async def test_a_store_that_comes_back_is_waited_for(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedReconcile(failures={"list": _down(6), "survey": _down(10)})

    result = await _run(skipping, activities)

    assert (result.totals.outcome, len(activities.surveyed)) == ("clean", 1)


async def test_what_could_not_be_looked_at_keeps_its_mark(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedReconcile(failures={"survey": _down(10_000)})

    result = await _run(skipping, activities)

    assert (result.totals.outcome, result.totals.failed) == ("failed", 1)
    [mark] = result.marks.projects.values()
    assert result.marks.compared - mark.compared == HORIZON - JUDGING
    assert result.marks.swept - mark.swept == HORIZON - SETTLED


async def test_a_run_that_cannot_even_begin_fails_with_the_code(skipping: WorkflowEnvironment) -> None:
    with pytest.raises(WorkflowFailureError) as failure:
        await _run(skipping, ScriptedReconcile(failures={"list": _down(10_000)}))

    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "store_unavailable"


async def test_each_run_of_the_schedule_goes_on_where_the_last_one_ended(server: Client) -> None:
    """Marks travel in the result; a run that fails in between changes nothing. On the real server."""
    wanted, _ = native_schedules(reconcile_every=timedelta(days=1))
    await ensure(server, [wanted])
    handle = server.get_schedule_handle("reconcile")
    try:
        first = await _triggered(
            server, ScriptedReconcile(projects=(1, 2), found={2: {"failure": "timed_out"}})
        )
        rejected: list[WorkError] = [EventsRejected("no")]
        await _triggered(server, ScriptedReconcile(failures={"list": rejected}))
        last = ScriptedReconcile(projects=(1,))
        result = await _triggered(server, last)
    finally:
        await handle.delete()

    assert first is not None
    assert result is not None
    assert [listed.claiming_since for listed in last.listed] == [first.compared]
    [survey] = last.surveyed
    assert sorted(survey.marks) == [1, 2]
    assert survey.marks[1].compared == first.compared
    assert first.compared - survey.marks[2].compared > timedelta(days=6)
    assert result.projects == {}


async def _triggered(server: Client, activities: ScriptedReconcile) -> Marks | None:
    """Trigger the schedule, see its run end: its marks, or None if it failed."""
    handle = server.get_schedule_handle("reconcile")
    done = (await handle.describe()).info.num_actions
    async with _worker(server, activities):
        await handle.trigger()
        info = await _info(handle, lambda info: info.num_actions > done)
        action = info.recent_actions[-1].action
        assert isinstance(action, ScheduleActionExecutionStartWorkflow)
        run = server.get_workflow_handle(
            action.workflow_id, run_id=action.first_execution_run_id, result_type=ReconcileResult
        )
        try:
            result = await run.result()
        except WorkflowFailureError:
            return None
        finally:
            await _info(handle, lambda info: not info.running_actions)
    described = await run.describe()
    assert described.typed_search_attributes.get(OUTCOME) == result.totals.outcome
    return result.marks


async def _info(handle: ScheduleHandle, holds: Callable[[ScheduleInfo], bool]) -> ScheduleInfo:
    """What Temporal says of a schedule, once something holds of it."""
    while True:
        info = (await handle.describe()).info
        if holds(info):
            return info
        await asyncio.sleep(0.02)
