"""The event writer of a process, and what follows from what it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from temporalio.client import Client

from assay.adapters.event_writer import BlockEventWriter
from assay.runtime.stores import Stores
from assay.temporal.streams import StreamWaker, wake_stream


@asynccontextmanager
async def event_writer(client: Client, stores: Stores) -> AsyncIterator[BlockEventWriter]:
    """A writer that wakes the evaluation streams; what it accepted is written before the block ends.

    Raises:
        StoreUnavailable: the registry did not answer.
    """
    waker = StreamWaker(partial(wake_stream, client), stores.registry.evaluations)
    writer = BlockEventWriter(stores.events, stored=waker.stored)
    await waker.wake_all()
    try:
        yield writer
    finally:
        await writer.aclose()
        await waker.aclose()
