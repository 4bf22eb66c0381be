"""Temporal workers: which queue runs what, and with how much in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.judge_models import JudgeModels
from activities.model_answers import ModelAnswers
from activities.model_gate import ModelGate
from assay.adapters.compute import ComputeProcesses
from assay.ports import EventWriter, HogRunner, LanguageModel
from assay.runtime.activities import activities_of
from assay.runtime.delivery import ReportDelivery
from assay.runtime.sentiment import sentiment_model
from assay.runtime.settings import Settings, numeric_threads
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from workflows.clustering_runs import ClusteringRunWorkflow
from workflows.evaluation_backfills import EvaluationBackfill
from workflows.evaluation_batches import EvaluationBatch
from workflows.evaluation_report_runs import EvaluationReportRun
from workflows.evaluation_reports import EvaluationReport
from workflows.evaluation_streams import EvaluationStream
from workflows.evaluation_summaries import EvaluationSummary
from workflows.evaluations import RunEvaluation
from workflows.reconcile import Reconcile
from workflows.reconcile_reports import ReconcileReports
from workflows.sentiment import SentimentBatch
from workflows.summarization import Summarization
from workflows.summarization_windows import SummarizationWindow
from workflows.translations import Translation

log = structlog.get_logger(__name__)

WORKFLOWS: Sequence[type] = (
    RunEvaluation,
    EvaluationStream,
    EvaluationBatch,
    EvaluationBackfill,
    Reconcile,
    EvaluationReport,
    EvaluationReportRun,
    ReconcileReports,
    EvaluationSummary,
    Summarization,
    SummarizationWindow,
    Translation,
    SentimentBatch,
    ClusteringRunWorkflow,
)
"""Every workflow type; each has a recorded history in the test suite."""

_STORE_ACTIVITIES = 100
"""Some of them wait for others of the same queue (pages that a stream claims): these must find a place."""

_JUDGING_ACTIVITIES = 1_000
"""Batches and runs on either queue. A place is only a task that waits, and one project must not have them
all: how many calls a key bears, who is next for a process and what fits the memory is decided inside."""

_CACHED_WORKFLOWS = 100
"""Each takes about a third of a megabyte. What waits for days need not be among them: it is replayed when its
time has come."""

_WORKFLOW_THREADS = 16
"""Workflow code computes and never waits, so more threads do no more. By itself the SDK lets them be 500, and
they keep their stacks for ever."""

_STORE_GRACE = timedelta(seconds=5)
_MODEL_GRACE = timedelta(seconds=20)
"""A model call that is cut off is paid for again; most answer within this."""

_LONGEST_SHUTDOWN_SECONDS = _MODEL_GRACE.total_seconds() + 10


@asynccontextmanager
async def run_workers(
    client: Client,
    settings: Settings,
    stores: Stores,
    queues: Sequence[TaskQueue],
    *,
    writer: EventWriter,
    model: LanguageModel,
    hog: HogRunner,
    delivery: ReportDelivery,
) -> AsyncIterator[asyncio.Task[str]]:
    """Poll the queues for the length of the block.

    Yields:
        A task that ends, with one sentence, only when a worker fails for good.
    """
    models = JudgeModels(stores.registry, model)
    gate = ModelGate(model, maximum=settings.model_concurrency)
    async with AsyncExitStack() as stack:
        answers = ModelAnswers(artifacts=stores.registry.artifacts, models=models, gate=gate)
        # Of its own: clusters take a minute and a gigabyte, and nobody else should have to wait for them.
        compute = ComputeProcesses(processes=1, environment=numeric_threads())
        stack.push_async_callback(compute.close)
        activities = activities_of(
            client,
            settings,
            stores,
            writer=writer,
            models=models,
            gate=gate,
            hog=hog,
            delivery=delivery,
            sentiment=await stack.enter_async_context(sentiment_model(settings, answers)),
            compute=compute,
        )
        yield await stack.enter_async_context(_polling(client, queues, activities))


@asynccontextmanager
async def _polling(
    client: Client,
    queues: Sequence[TaskQueue],
    activities: Mapping[TaskQueue, Sequence[Callable[..., Any]]],
) -> AsyncIterator[asyncio.Task[str]]:
    """Workers of these queues for the length of the block; yields what `run_workers` yields."""
    workflow_threads = ThreadPoolExecutor(_WORKFLOW_THREADS, thread_name_prefix="workflow")
    makers: Mapping[TaskQueue, Callable[[], Worker]] = {
        TaskQueue.MAIN: lambda: Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=WORKFLOWS,
            activities=activities[TaskQueue.MAIN],
            max_concurrent_activities=_STORE_ACTIVITIES,
            max_cached_workflows=_CACHED_WORKFLOWS,
            workflow_task_executor=workflow_threads,
            graceful_shutdown_timeout=_STORE_GRACE,
        ),
        TaskQueue.LLM: lambda: Worker(
            client,
            task_queue=TaskQueue.LLM,
            activities=activities[TaskQueue.LLM],
            max_concurrent_activities=_JUDGING_ACTIVITIES,
            graceful_shutdown_timeout=_MODEL_GRACE,
        ),
        TaskQueue.COMPUTE: lambda: Worker(
            client,
            task_queue=TaskQueue.COMPUTE,
            activities=activities[TaskQueue.COMPUTE],
            max_concurrent_activities=_JUDGING_ACTIVITIES,
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
        # Whoever is cancelled in the middle of a shutdown never says that it is over: nobody waits for ever.
        stopping = [asyncio.create_task(worker.shutdown()) for worker in workers]
        await asyncio.wait([*stopping, *running], timeout=_LONGEST_SHUTDOWN_SECONDS)
        workflow_threads.shutdown(wait=False)


async def _first_failure(running: Sequence[asyncio.Task[None]]) -> str:
    """Wait until a worker ends by itself; workers end only on request or when they cannot go on."""
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    error = done.pop().exception()
    log.error("worker failed", error=str(error))
    return f"A Temporal worker failed: {error}"
