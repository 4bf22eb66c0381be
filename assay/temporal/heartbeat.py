"""Keep an activity's heartbeat alive while it waits for something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity


@asynccontextmanager
async def heartbeating(*details: object) -> AsyncIterator[None]:
    """Beat at a third of the activity's heartbeat timeout until the block ends.

    Temporal notices a killed worker after one missed timeout, and delivers a cancellation with a beat.

    Args:
        details: progress to resume from, sent with every beat.
    """
    timeout = activity.info().heartbeat_timeout
    if timeout is None:
        yield
        return

    async def beat() -> None:
        while True:
            activity.heartbeat(*details)
            await asyncio.sleep(timeout.total_seconds() / 3)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
