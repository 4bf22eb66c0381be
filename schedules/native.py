"""Temporal Schedules of a fixed cadence, as data, and how Temporal is made to match them.

A Schedule names its workflow type; nothing here imports a workflow. What operators decide about a Schedule in
the Temporal UI (paused or not, and their note) is theirs; everything else is as it is written here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleListActionStartWorkflow,
    ScheduleListDescription,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import Priority, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from assay.contracts.reconcile import ReconcileInput
from assay.contracts.report_reconcile import ReconcileReportsInput
from assay.temporal.queues import TaskQueue
from schedules.cron import calendars

RECONCILE: Final = "reconcile"
RECONCILE_REPORTS: Final = "reconcile-reports"

RECONCILE_REPORTS_CRON: Final = "*/10 * * * *"
"""When reports are compared with their workflows, unless an operator decides otherwise."""

_CATCHUP: Final = timedelta(minutes=1)
"""What was due while Temporal was away is as a rule not made up for: the next run covers the whole time."""

_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class NativeSchedule:
    """A workflow that Temporal starts in a fixed rhythm, never two at a time.

    Attributes:
        id: of the Schedule; a run's id adds the time.
        workflow: name of the workflow type.
        argument: of every run.
        summary: one line for the list of workflows.
        every: at the multiples of this since 1970, UTC; None: it goes by `cron`.
        cron: five fields, UTC; empty: it goes by `every`.
        attributes: search attributes of the Schedule and of its runs.
        priority: of its runs.
        jitter: a run begins up to so much after its time, each Schedule's at another moment; its id and its
            `TemporalScheduledStartTime` keep the time itself.
        catchup: how long after its time a run that was missed, because Temporal was away, is still begun.
    """

    id: str
    workflow: str
    argument: BaseModel
    summary: str
    every: timedelta | None = None
    cron: str = ""
    attributes: TypedSearchAttributes = TypedSearchAttributes.empty
    priority: Priority = Priority.default
    jitter: timedelta = timedelta()
    catchup: timedelta = _CATCHUP


class Change(StrEnum):
    """What became of a Schedule."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def native_schedules(
    *, reconcile_every: timedelta, reconcile_reports_cron: str = RECONCILE_REPORTS_CRON
) -> tuple[NativeSchedule, ...]:
    """All Schedules that the engine needs."""
    return (
        NativeSchedule(
            id=RECONCILE,
            workflow="reconcile",
            argument=ReconcileInput(),
            every=reconcile_every,
            summary="Compares what was sampled with its verdicts and repairs what is missing",
        ),
        NativeSchedule(
            id=RECONCILE_REPORTS,
            workflow="reconcile-reports",
            argument=ReconcileReportsInput(),
            cron=reconcile_reports_cron,
            summary="Compares reports with their workflows and starts what does not run",
        ),
    )


async def ensure(client: Client, wanted: Iterable[NativeSchedule]) -> dict[str, Change]:
    """Make Temporal have these Schedules as they are written; others are left alone.

    Safe to repeat, and safe when several processes do it at once.

    Returns:
        Schedule id → what became of it.

    Raises:
        RPCError: Temporal does not answer, or does not let this caller.
    """
    turns = asyncio.Semaphore(_AT_ONCE)

    async def ensured(schedule: NativeSchedule) -> tuple[str, Change]:
        async with turns:
            return schedule.id, await _ensure(client, schedule)

    return dict(await asyncio.gather(*map(ensured, wanted)))


def is_as_listed(wanted: NativeSchedule, listed: ScheduleListDescription) -> bool:
    """Whether a Schedule starts the right workflow at the right times, as far as a list tells.

    A list says nothing of arguments, policy and priority, but costs one call for many of them.
    """
    found = listed.schedule
    return (
        found is not None
        and isinstance(found.action, ScheduleListActionStartWorkflow)
        and found.action.workflow == wanted.workflow
        and _spec(found.spec) == _spec(_times(wanted))
    )


async def remove(client: Client, ids: Iterable[str]) -> list[str]:
    """Delete Schedules; what they have started goes on.

    Returns:
        The ids of those that there were.

    Raises:
        RPCError: see `ensure`.
    """
    return [schedule_id for schedule_id in ids if await _removed(client, schedule_id)]


async def _removed(client: Client, schedule_id: str) -> bool:
    try:
        await client.get_schedule_handle(schedule_id).delete()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def difference(client: Client, wanted: NativeSchedule, found: Schedule) -> tuple[str, ...]:
    """In which parts a Schedule is not as it is written: names of fields, in a fixed order; empty: it is.

    Args:
        found: as Temporal describes it.
    """
    ours, theirs = _schedule(wanted), found.action
    if not isinstance(theirs, ScheduleActionStartWorkflow):
        return ("action",)
    action = _action(wanted)
    same = {
        "workflow": theirs.workflow == action.workflow,
        "task_queue": theirs.task_queue == action.task_queue,
        "id": theirs.id == action.id,
        "argument": await _decoded(client, theirs.args, type(wanted.argument)) == wanted.argument,
        "summary": await _decoded(client, [theirs.static_summary], str) == wanted.summary,
        "attributes": _attributes(theirs) == _attributes(action),
        "priority": theirs.priority == action.priority,
        "spec": _spec(found.spec) == _spec(ours.spec),
        "policy": found.policy == ours.policy,
    }
    return tuple(name for name, is_same in same.items() if not is_same)


async def _ensure(client: Client, wanted: NativeSchedule) -> Change:
    handle = client.get_schedule_handle(wanted.id)
    try:
        found = await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        try:
            await client.create_schedule(wanted.id, _schedule(wanted), search_attributes=wanted.attributes)
        except ScheduleAlreadyRunningError:  # another process was quicker
            return await _ensure(client, wanted)
        return Change.CREATED
    if not await difference(client, wanted, found.schedule):
        return Change.UNCHANGED

    def as_written(now: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=_schedule(wanted, state=now.description.schedule.state))

    await handle.update(as_written)
    return Change.UPDATED


def _schedule(wanted: NativeSchedule, *, state: ScheduleState | None = None) -> Schedule:
    return Schedule(
        action=_action(wanted),
        spec=_times(wanted),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=wanted.catchup),
        state=state or ScheduleState(),
    )


def _times(wanted: NativeSchedule) -> ScheduleSpec:
    jitter = wanted.jitter or None
    if wanted.every is not None:
        return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=wanted.every)], jitter=jitter)
    return ScheduleSpec(calendars=calendars(wanted.cron), jitter=jitter)


def _action(wanted: NativeSchedule) -> ScheduleActionStartWorkflow:
    return ScheduleActionStartWorkflow(
        wanted.workflow,
        wanted.argument,
        id=wanted.id,
        task_queue=TaskQueue.MAIN,
        static_summary=wanted.summary,
        typed_search_attributes=wanted.attributes,
        priority=wanted.priority,
    )


def _attributes(action: ScheduleActionStartWorkflow) -> dict[str, object]:
    return {pair.key.name: pair.value for pair in action.typed_search_attributes}


def _spec(spec: ScheduleSpec) -> tuple[object, ...]:
    """What decides the times, in the words of both sides: Temporal fills in what was left out."""
    intervals = [(interval.every, interval.offset or timedelta()) for interval in spec.intervals]
    others = (spec.calendars, spec.cron_expressions, spec.skip)
    bounds = (spec.start_at, spec.end_at, spec.jitter or timedelta())
    return intervals, *map(list, others), *bounds


async def _decoded(client: Client, payloads: Sequence[object], hint: type) -> object:
    """The one value in what Temporal describes; None if it is another kind or number of values."""
    payload = payloads[0] if len(payloads) == 1 else None
    if not isinstance(payload, Payload):
        return None
    try:
        [value] = await client.data_converter.decode([payload], [hint])
    except (ValueError, RuntimeError):
        return None
    return value
