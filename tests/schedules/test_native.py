"""Temporal has the Schedules that are written, and keeps what operators decided; on the real server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from os import urandom
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.converter import PayloadCodec

from assay.contracts.reconcile import ReconcileInput
from schedules.native import Change, NativeSchedule, difference, ensure, native_schedules


def _wanted() -> NativeSchedule:
    schedule, _ = native_schedules(reconcile_every=timedelta(minutes=5))
    return replace(schedule, id=f"reconcile-{uuid4()}")


async def _ensure(client: Client, wanted: NativeSchedule) -> Change:
    return (await ensure(client, [wanted]))[wanted.id]


async def test_a_schedule_is_created_as_it_is_written(server: Client) -> None:
    wanted = _wanted()

    assert await _ensure(server, wanted) is Change.CREATED

    schedule = (await server.get_schedule_handle(wanted.id).describe()).schedule
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)
    assert (schedule.action.workflow, schedule.action.task_queue) == ("reconcile", "assay")
    assert [interval.every for interval in schedule.spec.intervals] == [timedelta(minutes=5)]
    assert schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert schedule.policy.catchup_window == timedelta(minutes=1)
    assert await difference(server, wanted, schedule) == ()


async def test_ensuring_again_changes_nothing(server: Client) -> None:
    wanted = _wanted()
    await _ensure(server, wanted)
    handle = server.get_schedule_handle(wanted.id)
    before = (await handle.describe()).info.last_updated_at

    assert await _ensure(server, wanted) is Change.UNCHANGED
    assert (await handle.describe()).info.last_updated_at == before


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("workflow", {"workflow": "reconcile-all"}),
        ("argument", {"argument": ReconcileInput(redrives=7)}),
        ("spec", {"every": timedelta(minutes=1)}),
        ("summary", {"summary": "Another line"}),
        ("policy", {"catchup": timedelta(days=1)}),
    ],
    ids=["workflow", "argument", "spec", "summary", "policy"],
)
async def test_what_has_changed_is_brought_up_to_date(
    server: Client, part: str, changes: dict[str, Any]
) -> None:
    before = _wanted()
    await _ensure(server, before)
    handle = server.get_schedule_handle(before.id)
    wanted = replace(before, **changes)

    assert await difference(server, wanted, (await handle.describe()).schedule) == (part,)
    assert await _ensure(server, wanted) is Change.UPDATED
    assert await difference(server, wanted, (await handle.describe()).schedule) == ()


async def test_a_schedule_may_go_by_cron(server: Client) -> None:
    _, reports = native_schedules(
        reconcile_every=timedelta(minutes=5), reconcile_reports_cron="7,37 3-5 1 * mon"
    )
    wanted = replace(reports, id=f"reconcile-reports-{uuid4()}")
    assert await _ensure(server, wanted) is Change.CREATED
    assert await _ensure(server, wanted) is Change.UNCHANGED
    described = await server.get_schedule_handle(wanted.id).describe()
    moments = described.info.next_action_times
    assert {(moment.minute, moment.hour) for moment in moments} <= {
        (m, h) for m in (7, 37) for h in (3, 4, 5)
    }
    assert all(moment.day == 1 or moment.isoweekday() == 1 for moment in moments)
    later = replace(wanted, cron="7,37 3-5 2 * mon")
    assert await difference(server, later, described.schedule) == ("spec",)
    assert await _ensure(server, later) is Change.UPDATED
    assert await _ensure(server, later) is Change.UNCHANGED


async def test_what_somebody_changed_by_hand_is_put_back(server: Client) -> None:
    wanted = _wanted()
    await _ensure(server, wanted)
    handle = server.get_schedule_handle(wanted.id)

    def by_hand(now: ScheduleUpdateInput) -> ScheduleUpdate:
        schedule = now.description.schedule
        schedule.policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL)
        schedule.spec.jitter = timedelta(minutes=4)
        return ScheduleUpdate(schedule=schedule)

    await handle.update(by_hand)

    assert await difference(server, wanted, (await handle.describe()).schedule) == ("spec", "policy")
    assert await _ensure(server, wanted) is Change.UPDATED
    assert await _ensure(server, wanted) is Change.UNCHANGED


async def test_a_schedule_that_an_operator_has_paused_stays_paused(server: Client) -> None:
    wanted = _wanted()
    await _ensure(server, wanted)
    handle = server.get_schedule_handle(wanted.id)
    await handle.pause(note="while we move the cluster")

    assert await _ensure(server, wanted) is Change.UNCHANGED
    assert await _ensure(server, replace(wanted, every=timedelta(minutes=7))) is Change.UPDATED

    schedule = (await handle.describe()).schedule
    assert (schedule.state.paused, schedule.state.note) == (True, "while we move the cluster")
    assert [interval.every for interval in schedule.spec.intervals] == [timedelta(minutes=7)]


async def test_schedules_that_are_not_ours_are_left_alone(server: Client) -> None:
    other = await _somebody_elses(server)
    before = (await other.describe()).raw_description.SerializeToString()

    await _ensure(server, _wanted())

    assert (await other.describe()).raw_description.SerializeToString() == before


async def test_several_processes_may_ensure_at_once(server: Client) -> None:
    wanted = _wanted()

    changes = await asyncio.gather(*(_ensure(server, wanted) for _ in range(6)))

    assert Counter(changes)[Change.CREATED] == 1
    assert Change.UPDATED not in changes


async def test_encrypted_arguments_are_compared_by_what_they_say(server: Client) -> None:
    config: dict[str, Any] = server.config()
    converter = replace(config["data_converter"], payload_codec=Salted())
    client = Client(**config | {"data_converter": converter})
    wanted = _wanted()

    assert await _ensure(client, wanted) is Change.CREATED
    assert await _ensure(client, wanted) is Change.UNCHANGED
    changed = replace(wanted, argument=ReconcileInput(redrives=3))
    assert await _ensure(client, changed) is Change.UPDATED


class Salted(PayloadCodec):
    """Encodes the same payload differently each time, as encryption does."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": b"salted"}, data=urandom(8) + payload.SerializeToString())
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [Payload.FromString(payload.data[8:]) for payload in payloads]


async def _somebody_elses(client: Client) -> ScheduleHandle:
    return await client.create_schedule(
        f"theirs-{uuid4()}",
        Schedule(
            action=ScheduleActionStartWorkflow("their-workflow", id="theirs", task_queue="theirs"),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(days=1))]),
            state=ScheduleState(paused=True),
        ),
    )
