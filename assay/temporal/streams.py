"""Waking the `evaluation-stream` of a project."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client

from assay.contracts.evaluation_batches import EvaluationStreamInput
from assay.contracts.events import GENERATION, Event
from assay.domain.batch_details import stream_summary
from assay.ports import EvaluationRepository
from assay.temporal.ids import evaluation_stream_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import PROJECT, pairs

log = structlog.get_logger(__name__)

WAKE_SECONDS = 1.0
"""A stream is woken once in this time: for the first arrival at once, for the others together."""

_RPC_TIMEOUT = timedelta(seconds=5)
_MOST_PATIENT_SECONDS = 10.0
_LAST_WORDS_SECONDS = 2.0


async def wake_stream(client: Client, project_id: int) -> None:
    """Tell a project's stream to look at what arrived; start it if it does not run.

    Raises:
        RPCError: Temporal did not take the message.
    """
    await client.start_workflow(
        "evaluation-stream",
        EvaluationStreamInput(project_id=project_id),
        id=evaluation_stream_id(project_id),
        task_queue=TaskQueue.MAIN,
        start_signal="wake",
        priority=fair(Rank.ONLINE, project_id),
        search_attributes=pairs((PROJECT, str(project_id))),
        static_summary=stream_summary(project_id),
        rpc_timeout=_RPC_TIMEOUT,
    )


class StreamWaker:
    """Wakes the streams of projects whose generations were stored: seldom, and never in vain.

    A project without an active evaluation is left alone. While Temporal or the registry is away, it is tried
    again; what is not told when this process ends is found by the next start, or by `reconcile`.

    Args:
        wake: tells a stream.
        evaluations: where it says which projects have active ones.
    """

    def __init__(self, wake: Callable[[int], Awaitable[None]], evaluations: EvaluationRepository) -> None:
        self._wake = wake
        self._evaluations = evaluations
        self._waiting: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closing = asyncio.Event()

    def stored(self, events: Sequence[Event]) -> None:
        """Events were stored. Call it in the event loop; it returns at once."""
        self.wake({event.project_id for event in events if event.event == GENERATION})

    def wake(self, project_ids: set[int]) -> None:
        """Something arrived in these projects. Call it in the event loop; it returns at once."""
        for project_id in project_ids:
            self._waiting.add(project_id)
            if project_id not in self._tasks and not self._closing.is_set():
                self._tasks[project_id] = asyncio.create_task(self._serve(project_id))

    async def wake_all(self) -> None:
        """At the start: whatever arrived when nobody listened.

        Raises:
            StoreUnavailable: the registry did not answer.
        """
        self.wake(set(await self._evaluations.projects_with_active()))

    async def aclose(self) -> None:
        """Tell what was not told yet, if that is quick, and end."""
        self._closing.set()
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_WORDS_SECONDS)
        for task in tasks:
            task.cancel()

    async def _serve(self, project_id: int) -> None:
        try:
            await self._wake_while_waiting(project_id)
        finally:
            # No await since nothing was seen to wait, so the next arrival starts a task of its own.
            self._tasks.pop(project_id, None)

    async def _wake_while_waiting(self, project_id: int) -> None:
        pause = WAKE_SECONDS
        while project_id in self._waiting:
            self._waiting.discard(project_id)
            try:
                if await self._evaluations.active(project_id):
                    await self._wake(project_id)
                pause = WAKE_SECONDS
            except Exception as error:  # whatever it is, arrivals go on waiting to be told
                log.warning("evaluation stream not woken", project_id=project_id, reason=str(error))
                self._waiting.add(project_id)
                pause = min(2 * pause, _MOST_PATIENT_SECONDS)
            if self._closing.is_set():
                break
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return
