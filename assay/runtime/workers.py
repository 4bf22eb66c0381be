"""Temporal workers: which queue runs what, and with how much in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.evaluations import EvaluationActivities
from activities.hog_evaluations import HogEvaluationActivities
from assay.ports import HogRunner, LanguageModel
from assay.runtime.hog import process_count
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from workflows.evaluations import RunEvaluation

log = structlog.get_logger(__name__)

WORKFLOWS: Sequence[type] = (RunEvaluation,)
"""Every workflow type; each has a recorded history in the test suite."""

_STORE_ACTIVITIES = 16
_MODEL_CALLS = 64
_HOG_RUNS_PER_PROCESS = 2
"""One runs while another reads its event; more would wait for a process while their time runs."""

_CACHED_WORKFLOWS = 200
_STORE_GRACE = timedelta(seconds=5)
_MODEL_GRACE = timedelta(seconds=20)
"""A model call that is cut off is paid for again; most answer within this."""


@asynccontextmanager
async def run_workers(
    client: Client,
    settings: Settings,
    stores: Stores,
    queues: Sequence[TaskQueue],
    *,
    model: LanguageModel,
    hog: HogRunner,
) -> AsyncIterator[asyncio.Task[str]]:
    """Poll the queues for the length of the block.

    Yields:
        A task that ends, with one sentence, only when a worker fails for good.
    """
    activities = EvaluationActivities(
        registry=stores.registry,
        events=stores.events,
        model=model,
        trial_eval_limit=settings.trial_eval_limit,
    )
    hog_activities = HogEvaluationActivities(registry=stores.registry, events=stores.events, hog=hog)
    makers: Mapping[TaskQueue, Callable[[], Worker]] = {
        TaskQueue.MAIN: lambda: Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=WORKFLOWS,
            activities=[activities.record_verdict, activities.fail_evaluation],
            max_concurrent_activities=_STORE_ACTIVITIES,
            max_cached_workflows=_CACHED_WORKFLOWS,
            graceful_shutdown_timeout=_STORE_GRACE,
        ),
        TaskQueue.LLM: lambda: Worker(
            client,
            task_queue=TaskQueue.LLM,
            activities=[activities.judge],
            max_concurrent_activities=_MODEL_CALLS,
            graceful_shutdown_timeout=_MODEL_GRACE,
        ),
        TaskQueue.COMPUTE: lambda: Worker(
            client,
            task_queue=TaskQueue.COMPUTE,
            activities=[hog_activities.evaluate],
            max_concurrent_activities=_HOG_RUNS_PER_PROCESS * process_count(settings),
            graceful_shutdown_timeout=_STORE_GRACE,
        ),
    }
    workers = [makers[queue]() for queue in queues]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    failure = asyncio.create_task(_first_failure(running))
    try:
        yield failure
    finally:
        failure.cancel()
        await asyncio.gather(*(worker.shutdown() for worker in workers), return_exceptions=True)
        await asyncio.wait(running)


async def _first_failure(running: Sequence[asyncio.Task[None]]) -> str:
    """Wait until a worker ends by itself; workers end only on request or when they cannot go on."""
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    error = done.pop().exception()
    log.error("worker failed", error=str(error))
    return f"A Temporal worker failed: {error}"
