"""What activities find around them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from temporalio import activity
from temporalio.common import Priority
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from assay.domain.lines import OWNER
from assay.temporal.interceptors import Ownership


class _Told(ActivityInboundInterceptor):
    def __init__(self) -> None:
        self.owners: list[object] = []

    async def execute_activity(self, input: ExecuteActivityInput) -> None:
        self.owners.append(OWNER.get())


@pytest.mark.parametrize(
    ("priority", "owner"),
    [(Priority(priority_key=2, fairness_key="7"), "7"), (Priority.default, "evaluation-stream-7")],
)
async def test_an_activity_works_for_its_project(priority: Priority, owner: str) -> None:
    environment = ActivityEnvironment()
    environment.info = replace(
        ActivityEnvironment.default_info(), priority=priority, workflow_id="evaluation-stream-7"
    )
    told = _Told()

    @activity.defn
    async def work() -> None:
        inbound = Ownership().intercept_activity(told)
        await inbound.execute_activity(ExecuteActivityInput(fn=work, args=(), executor=None, headers={}))

    await environment.run(work)

    assert told.owners == [owner]
