"""What a starting process does about Schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import (
    Client,
    DescribeScheduleInput,
    Interceptor,
    OutboundInterceptor,
    ScheduleDescription,
)
from temporalio.service import RPCError, RPCStatusCode

from assay.errors import SetupError
from assay.runtime.schedules import ensure_schedules
from assay.runtime.settings import Settings


class Refusing(Interceptor):
    """A Temporal service that answers questions about Schedules with an error."""

    def __init__(self, status: RPCStatusCode) -> None:
        self._status = status

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        status = self._status

        class Outbound(OutboundInterceptor):
            async def describe_schedule(self, input: DescribeScheduleInput) -> ScheduleDescription:
                raise RPCError("no such luck", status, b"")

        return Outbound(next)


def _refusing(client: Client, status: RPCStatusCode) -> Client:
    config: dict[str, Any] = client.config() | {"interceptors": [Refusing(status)]}
    return Client(**config)


async def test_the_rhythm_is_a_setting(server: Client) -> None:
    handle = server.get_schedule_handle("reconcile")
    try:
        for minutes in (9, 11):
            await ensure_schedules(server, Settings(reconcile_minutes=minutes))
            [interval] = (await handle.describe()).schedule.spec.intervals
            assert interval.every == timedelta(minutes=minutes)
    finally:
        await handle.delete()


async def test_who_may_not_look_after_schedules_starts_without_them(server: Client) -> None:
    await ensure_schedules(_refusing(server, RPCStatusCode.PERMISSION_DENIED), Settings())


async def test_any_other_trouble_is_said_in_a_sentence(server: Client) -> None:
    with pytest.raises(SetupError, match="does not take Schedules: no such luck"):
        await ensure_schedules(_refusing(server, RPCStatusCode.UNIMPLEMENTED), Settings())
