"""Temporal workers: which queue runs what, and with how much in flight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker

from activities.batch_runs import BatchRuns
from activities.batches import Batches
from activities.evaluation_backfills import BackfillActivities
from activities.evaluation_states import EvaluationStates
from activities.evaluation_streams import EvaluationStreamActivities
from activities.evaluations import EvaluationActivities
from activities.hog_batches import HogBatchActivities
from activities.hog_evaluations import HogEvaluationActivities
from activities.judge_batches import JudgeBatchActivities
from activities.judge_models import JudgeModels
from activities.judging import Judge
from activities.model_gate import ModelGate
from activities.reconcile import ReconcileActivities
from activities.streams import Streams
from assay.ports import EventWriter, HogRunner, LanguageModel
from assay.runtime.hog import process_count
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from workflows.evaluation_backfills import EvaluationBackfill
from workflows.evaluation_batches import EvaluationBatch
from workflows.evaluation_streams import EvaluationStream
from workflows.evaluations import RunEvaluation
from workflows.reconcile import Reconcile

log = structlog.get_logger(__name__)

WORKFLOWS: Sequence[type] = (
    RunEvaluation,
    EvaluationStream,
    EvaluationBatch,
    EvaluationBackfill,
    Reconcile,
)
"""Every workflow type; each has a recorded history in the test suite."""

_STORE_ACTIVITIES = 16
_MODEL_CALLS = 64
_HOG_ACTIVITIES_PER_PROCESS = 8
"""One runs while others read and write, or wait: projects take turns for the process."""

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
    writer: EventWriter,
    model: LanguageModel,
    hog: HogRunner,
) -> AsyncIterator[asyncio.Task[str]]:
    """Poll the queues for the length of the block.

    Yields:
        A task that ends, with one sentence, only when a worker fails for good.
    """
    gate = ModelGate(model, maximum=settings.model_concurrency)
    judge = Judge(JudgeModels(stores.registry, model), gate)
    activities = EvaluationActivities(
        registry=stores.registry,
        events=stores.events,
        judge=judge,
        trial_eval_limit=settings.trial_eval_limit,
    )
    hog_activities = HogEvaluationActivities(registry=stores.registry, events=stores.events, hog=hog)
    states = EvaluationStates(stores.registry)
    batches = Batches(registry=stores.registry, targets=stores.targets, writer=writer, states=states)
    hog_batches = HogBatchActivities(registry=stores.registry, batches=batches, hog=hog)
    judge_batches = JudgeBatchActivities(
        registry=stores.registry,
        batches=batches,
        judge=judge,
        trial_eval_limit=settings.trial_eval_limit,
    )
    streams = EvaluationStreamActivities(registry=stores.registry, targets=stores.targets, states=states)
    backfills = BackfillActivities(targets=stores.targets, streams=Streams(client), runs=BatchRuns(client))
    reconcile = ReconcileActivities(
        registry=stores.registry,
        targets=stores.targets,
        states=states,
        streams=Streams(client),
        runs=BatchRuns(client),
    )
    makers: Mapping[TaskQueue, Callable[[], Worker]] = {
        TaskQueue.MAIN: lambda: Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=WORKFLOWS,
            activities=[
                activities.record_verdict,
                activities.fail_evaluation,
                streams.dispatch,
                streams.claim_page,
                backfills.count_history,
                backfills.claim_page,
                backfills.batches_not_running,
                reconcile.list_projects,
                reconcile.survey,
                reconcile.repair,
                reconcile.report,
            ],
            max_concurrent_activities=_STORE_ACTIVITIES,
            max_cached_workflows=_CACHED_WORKFLOWS,
            graceful_shutdown_timeout=_STORE_GRACE,
        ),
        TaskQueue.LLM: lambda: Worker(
            client,
            task_queue=TaskQueue.LLM,
            activities=[activities.judge, judge_batches.judge],
            max_concurrent_activities=_MODEL_CALLS,
            graceful_shutdown_timeout=_MODEL_GRACE,
        ),
        TaskQueue.COMPUTE: lambda: Worker(
            client,
            task_queue=TaskQueue.COMPUTE,
            activities=[hog_activities.evaluate, hog_batches.evaluate],
            max_concurrent_activities=_HOG_ACTIVITIES_PER_PROCESS * process_count(settings),
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
