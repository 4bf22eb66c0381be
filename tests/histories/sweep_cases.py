"""Cases of `reconcile-reports` since it looks for verdicts without an arrival."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from assay.contracts.report_reconcile import ReconcileReportsInput
from assay.temporal.queues import TaskQueue
from tests.workflows.report_world import World
from workflows.reconcile_reports import ReconcileReports


async def swept(client: Client) -> WorkflowHandle[Any, Any]:
    """A report without a workflow, and three verdicts without an arrival."""
    world = World(lost=[3])
    world.report(datetime.now(UTC), enabled=False)
    async with world.worker(client):
        handle = await client.start_workflow(
            ReconcileReports.run,
            ReconcileReportsInput(),
            id=f"history-reconcile-reports-{uuid4()}",
            task_queue=TaskQueue.MAIN,
        )
        await handle.result()
    return handle
