"""Activities of `evaluation-backfill`: count the window, have a page of it claimed, look after batches.

A backfill claims nothing itself: the stream of the project does, which alone claims, so that no target is
judged twice.
"""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.batch_runs import BatchRuns
from activities.streams import Streams
from assay.contracts.evaluation_backfills import BatchesAnswer, BatchesQuestion, CountHistoryInput
from assay.contracts.evaluation_batches import ClaimedPage, ClaimPageInput
from assay.ports import EvaluationTargets
from assay.temporal.heartbeat import heartbeating


class BackfillActivities:
    """What a backfill asks stores and other workflows for."""

    def __init__(self, *, targets: EvaluationTargets, streams: Streams, runs: BatchRuns) -> None:
        self._targets = targets
        self._streams = streams
        self._runs = runs

    @activity.defn(name="count-history")
    async def count_history(self, window: CountHistoryInput) -> int:
        """How many generations a window has.

        Raises:
            StoreUnavailable: the event store did not answer.
        """
        async with heartbeating():
            return await asyncio.to_thread(
                self._targets.count_history, window.project_id, since=window.since, until=window.until
            )

    @activity.defn(name="claim-backfill-page")
    async def claim_page(self, page: ClaimPageInput) -> ClaimedPage:
        """Have a page claimed. The same page is claimed once, however often it is asked for."""
        async with heartbeating():
            return await self._streams.claim_page(page, attempt=activity.info().attempt)

    @activity.defn(name="batches-not-running")
    async def batches_not_running(self, question: BatchesQuestion) -> BatchesAnswer:
        """Which batches are not running: they have ended, or have never begun."""
        async with heartbeating():
            runs = [(ref, await self._runs.latest(ref)) for ref in question.batches]
        ended = (ref for ref, run in runs if run is None or run.closed_at is not None)
        return BatchesAnswer(not_running=tuple(ended))
