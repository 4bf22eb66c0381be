"""Telling the workflow of a batch how far it is, for people who look at it in the Temporal UI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from assay.domain.batch_tallies import Tally

log = structlog.get_logger(__name__)

REPORT_EVERY_SECONDS = 10.0
"""Each report is a signal in the workflow's history."""


@asynccontextmanager
async def reporting(tally: Tally) -> AsyncIterator[None]:
    """Signal `progress` to the own workflow now and then, if there is any, until the block ends."""
    info = activity.info()
    try:
        client = activity.client()
    except RuntimeError:  # nobody to tell: the activity runs by itself
        yield
        return
    workflow = client.get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
    task = asyncio.create_task(_report(workflow, tally))
    try:
        yield
    finally:
        task.cancel()


async def _report(workflow: WorkflowHandle[object, object], tally: Tally) -> None:
    told = tally.total()
    while True:
        await asyncio.sleep(REPORT_EVERY_SECONDS)
        total = tally.total()
        if total == told:
            continue
        try:
            await workflow.signal("progress", total)
            told = total
        except RPCError as error:  # it is for show: the next report says the same and more
            log.debug("progress not reported", error=error.message)
