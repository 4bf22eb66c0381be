"""Temporal workers: which queue runs what, and with how much in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.evaluations import EvaluationActivities
from assay.adapters.llm import LiteLLM
from assay.runtime.house import House
from assay.runtime.settings import Settings, prepare_environment_for_litellm
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from workflows.evaluations import RunEvaluation

log = structlog.get_logger(__name__)

WORKFLOWS: Sequence[type] = (RunEvaluation,)
"""Every workflow type; each has a recorded history in the test suite."""

_STORE_THREADS = 16
_MODEL_CALLS_IN_FLIGHT = 64
_CACHED_WORKFLOWS = 200
_GRACE = timedelta(seconds=5)


@asynccontextmanager
async def run_workers(
    client: Client, settings: Settings, stores: Stores, house: House, queues: Sequence[TaskQueue]
) -> AsyncIterator[asyncio.Event]:
    """Poll the queues for the length of the block.

    Yields:
        An event that is set when a worker fails for good.
    """
    failed = asyncio.Event()
    prepare_environment_for_litellm()
    model = LiteLLM(house)
    activities = EvaluationActivities(
        registry=stores.registry,
        events=stores.events,
        model=model,
        trial_eval_limit=settings.trial_eval_limit,
    )

    async def on_fatal_error(error: BaseException) -> None:
        log.error("worker failed", error=str(error))
        failed.set()

    makers: Mapping[TaskQueue, Callable[[ThreadPoolExecutor], Worker]] = {
        TaskQueue.MAIN: lambda threads: Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=WORKFLOWS,
            activities=[activities.record_verdict, activities.fail_evaluation],
            activity_executor=threads,
            max_concurrent_activities=_STORE_THREADS,
            max_cached_workflows=_CACHED_WORKFLOWS,
            graceful_shutdown_timeout=_GRACE,
            on_fatal_error=on_fatal_error,
        ),
        TaskQueue.LLM: lambda _: Worker(
            client,
            task_queue=TaskQueue.LLM,
            activities=[activities.judge],
            max_concurrent_activities=_MODEL_CALLS_IN_FLIGHT,
            graceful_shutdown_timeout=_GRACE,
            on_fatal_error=on_fatal_error,
        ),
    }
    async with AsyncExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(_STORE_THREADS, thread_name_prefix="store"))
        for queue in queues:
            await stack.enter_async_context(makers[queue](threads))
        # litellm takes three seconds to import: do it now, beside the start, and not in the first verdict.
        warming = asyncio.create_task(asyncio.to_thread(model.warm_up)) if TaskQueue.LLM in queues else None
        yield failed
        if warming is not None:
            await warming
