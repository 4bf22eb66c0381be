"""The activity of `reconcile-reports` that gives verdicts the arrival that they lack."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Final

import structlog
from temporalio import activity

from assay.contracts.report_reconcile import SweepVerdicts, VerdictsSwept
from assay.ports import VerdictArrivals
from assay.temporal.heartbeat import heartbeating

MAX_SPANS: Final = 100
"""A sweep that needs more goes on in the next run."""

log = structlog.get_logger(__name__)


class VerdictArrivalActivities:
    """Sweeps what the store took.

    Args:
        arrivals: asked in a thread, because it blocks.
        spans: that one run sweeps at most.
    """

    def __init__(self, arrivals: VerdictArrivals, *, spans: int = MAX_SPANS) -> None:
        self._arrivals = arrivals
        self._spans = spans

    @activity.defn(name="sweep-verdicts")
    async def sweep(self, given: SweepVerdicts) -> VerdictsSwept:
        """Enter verdicts that were stored and never arrived; they belong to the periods that are open now.

        A retry finds what the attempt before has entered.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        swept = VerdictsSwept(until=given.until)
        async with heartbeating():
            spans = await asyncio.to_thread(
                lambda: list(islice(self._arrivals.spans(given.since, given.until), self._spans))
            )
            for since, until in spans:
                restored = await asyncio.to_thread(self._arrivals.restore, since, until)
                swept = VerdictsSwept(until=until, restored=swept.restored + restored)
        if swept.restored:
            log.warning("verdicts without an arrival entered", since=str(given.since), **swept.model_dump())
        return swept
