"""The event writers of a process, and what follows from what they write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from temporalio.client import Client

from assay.adapters.event_writer import BlockEventWriter
from assay.runtime.stores import Stores
from assay.temporal.report_waker import ReportWaker
from assay.temporal.reports import tell_results
from assay.temporal.streams import StreamWaker, wake_stream

_GATHER_SECONDS = 0.1
"""How long a verdict waits for others. What a killed process has reached in this time is reached again."""


@dataclass(frozen=True, slots=True)
class Writers:
    """Ways to the event store.

    Attributes:
        captured: of events that somebody waits to be acknowledged; wakes the evaluation streams.
        verdicts: of results, of which fewer and larger inserts are better; tells reports that count them.
    """

    captured: BlockEventWriter
    verdicts: BlockEventWriter


@asynccontextmanager
async def event_writers(client: Client, stores: Stores) -> AsyncIterator[Writers]:
    """The writers of a process; what they accepted is written before the block ends.

    Raises:
        StoreUnavailable: the registry did not answer.
    """
    waker = StreamWaker(partial(wake_stream, client), stores.registry.evaluations)
    reports = ReportWaker(partial(tell_results, client), stores.registry.report_calendar)
    captured = BlockEventWriter(stores.events, stored=waker.stored)
    verdicts = BlockEventWriter(stores.events, gather_seconds=_GATHER_SECONDS, stored=reports.stored)
    await waker.wake_all()
    try:
        yield Writers(captured, verdicts)
    finally:
        await captured.aclose()
        await verdicts.aclose()
        await waker.aclose()
        await reports.aclose()
