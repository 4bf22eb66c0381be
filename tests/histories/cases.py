"""Cases of which histories are recorded: each starts a run under workers of its own and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.evaluation_batches import BatchTally, EvaluationStreamInput
from assay.contracts.evaluations import EvaluationType, StatusReason
from assay.contracts.reconcile import ReconcileInput
from assay.errors import EventsRejected, ModelNotFound, RateLimited, StoreRejected, StoreUnavailable
from assay.temporal.ids import evaluation_batch_id
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs
from tests.histories.answer_cases import ANSWERS
from tests.histories.backfill_cases import BACKFILLS
from tests.histories.clustering_cases import CLUSTERS
from tests.histories.report_cases import REPORTS
from tests.histories.sentiment_cases import SENTIMENT
from tests.histories.summarization_cases import SUMMARIES
from tests.histories.window_cases import WINDOWS
from tests.unit.reconcile.values import a_batch as a_lost_batch
from tests.unit.reconcile.values import a_gap
from tests.workflows.reconcile.scripted import ScriptedReconcile
from tests.workflows.scripted_activities import (
    ScriptedActivities,
    a_hog_judgement,
    a_hog_run,
    a_judgement,
    a_run,
)
from tests.workflows.scripted_batches import (
    ScriptedArrivals,
    ScriptedBatches,
    a_batch,
    a_batch_input,
    a_page,
    until,
)
from workflows.evaluation_batches import EvaluationBatch
from workflows.evaluation_streams import EvaluationStream
from workflows.evaluations import RunEvaluation
from workflows.reconcile import Reconcile

Case = Callable[[Client], Awaitable[WorkflowHandle[Any, Any]]]
"""Runs a workflow to the point up to which its history is worth keeping."""

_TRIAL = StatusReason.TRIAL_LIMIT_REACHED
_HOG_ERROR = StatusReason.HOG_ERROR
_RUNS = {
    "pass": lambda: ScriptedActivities(a_judgement()),
    "from-ledger": lambda: ScriptedActivities(a_judgement(already_recorded=True)),
    "retried": lambda: ScriptedActivities(
        RateLimited("slow down", retry_after=1), a_judgement(verdict=False)
    ),
    "trial-limit": lambda: ScriptedActivities(
        a_judgement(verdict=None, skip_reason=_TRIAL.value, disable_reason=_TRIAL)
    ),
    "failed": lambda: ScriptedActivities(ModelNotFound("no such model: gpt-0")),
    "hog-pass": lambda: ScriptedActivities(a_hog_judgement()),
    "hog-skipped": lambda: ScriptedActivities(a_hog_judgement(verdict=None, skip_reason="hog_input_error")),
    "hog-error": lambda: ScriptedActivities(
        a_hog_judgement(verdict=None, skip_reason=_HOG_ERROR.value, disable_reason=_HOG_ERROR)
    ),
}
_HOG, _JUDGE = EvaluationType.HOG, EvaluationType.LLM_JUDGE
_BATCHES: Mapping[str, tuple[EvaluationType, Callable[[], ScriptedBatches]]] = {
    "hog": (_HOG, ScriptedBatches),
    "judge": (_JUDGE, ScriptedBatches),
    "parked": (
        _JUDGE,
        lambda: ScriptedBatches(RateLimited("slow down", retry_after=1), BatchTally(size=200)),
    ),
    "stopped": (_HOG, lambda: ScriptedBatches(BatchTally(size=200, stopped="paused"))),
    "failed": (_HOG, lambda: ScriptedBatches(StoreRejected("a defect"))),
}


_RECONCILES: Mapping[str, Callable[[], ScriptedReconcile]] = {
    "clean": ScriptedReconcile,
    "repaired": lambda: ScriptedReconcile(
        projects=(1, 2, 3),
        found={
            2: {"missing": 8, "gaps": (a_gap("a"), a_gap("b"))},
            3: {"lost": (a_lost_batch(),), "stream_fault": "it did not run"},
        },
    ),
    "failed": lambda: ScriptedReconcile(
        projects=(1, 2),
        found={1: {"gaps": (a_gap(),), "missing": 1}, 2: {"failure": "timed_out"}},
        broken={1: EventsRejected("a verdict is refused")},
    ),
    "list-failed": lambda: ScriptedReconcile(failures={"list": [EventsRejected("a defect")]}),
    "schedules-kept": lambda: ScriptedReconcile(failures={"keep": [StoreUnavailable("away")]}),
    "schedules-failed": lambda: ScriptedReconcile(failures={"keep": [StoreRejected("a defect")]}),
}


def run_evaluation(name: str) -> Case:
    """A run of one evaluation on one event."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        activities = _RUNS[name]()
        run = a_hog_run() if name.startswith("hog-") else a_run()
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=[RunEvaluation], activities=activities.all),
            Worker(client, task_queue=TaskQueue.LLM, activities=activities.all),
            Worker(client, task_queue=TaskQueue.COMPUTE, activities=activities.all),
        ):
            handle = await client.start_workflow(
                RunEvaluation.run,
                run,
                id=f"history-{name}",
                task_queue=TaskQueue.MAIN,
                search_attributes=pairs(
                    (PROJECT, str(run.project_id)), (EVALUATION, str(run.evaluation_id)), (TRIGGER, "manual")
                ),
            )
            await _ended(handle)
        return handle

    return record


def evaluation_batch(name: str) -> Case:
    """A batch that nobody waits for any more."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        evaluation_type, scripted = _BATCHES[name]
        batch = a_batch(f"history-{name}", evaluation_type=evaluation_type)
        activities = scripted()
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=[EvaluationBatch]),
            Worker(client, task_queue=TaskQueue.LLM, activities=activities.all),
            Worker(client, task_queue=TaskQueue.COMPUTE, activities=activities.all),
        ):
            handle = await client.start_workflow(
                EvaluationBatch.run,
                a_batch_input(batch, reply_to="gone"),
                id=evaluation_batch_id(batch.ref),
                task_queue=TaskQueue.MAIN,
            )
            await _ended(handle)
        return handle

    return record


def reconcile(name: str) -> Case:
    """A run of `reconcile`."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        activities = _RECONCILES[name]()
        async with Worker(
            client, task_queue=TaskQueue.MAIN, workflows=[Reconcile], activities=activities.all
        ):
            handle = await client.start_workflow(
                Reconcile.run, ReconcileInput(), id=f"history-reconcile-{name}", task_queue=TaskQueue.MAIN
            )
            await _ended(handle)
        return handle

    return record


async def evaluation_stream(client: Client) -> WorkflowHandle[Any, Any]:
    """A stream that claims more than has room at once, is woken, claims a page and fails in between."""
    arrivals, batches = ScriptedArrivals(2_000), ScriptedBatches()
    async with (
        Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[EvaluationStream, EvaluationBatch],
            activities=arrivals.all,
        ),
        Worker(client, task_queue=TaskQueue.COMPUTE, activities=batches.all),
    ):
        handle = await client.start_workflow(
            EvaluationStream.run,
            EvaluationStreamInput(project_id=1),
            id="history-stream",
            task_queue=TaskQueue.MAIN,
        )
        await until(lambda: len(batches.judged) == 10)
        await handle.execute_update(EvaluationStream.claim_page, a_page(1, "backfill-history-0"))
        arrivals.failures = [StoreRejected("a defect")]
        arrivals.waiting = 3
        await handle.signal(EvaluationStream.wake)
        await until(lambda: not arrivals.failures)
        await asyncio.sleep(1)  # the rest after the failure is begun
    return handle


async def _ended(handle: WorkflowHandle[Any, Any]) -> None:
    with contextlib.suppress(WorkflowFailureError):
        await handle.result()


CASES: Mapping[str, Mapping[str, Case]] = {
    "run-evaluation": {name: run_evaluation(name) for name in _RUNS},
    "evaluation-batch": {name: evaluation_batch(name) for name in _BATCHES},
    "evaluation-stream": {"stream": evaluation_stream},
    "evaluation-backfill": BACKFILLS,
    "reconcile": {name: reconcile(name) for name in _RECONCILES},
    **REPORTS,
    **SUMMARIES,
    **SENTIMENT,
    **ANSWERS,
    **WINDOWS,
    **CLUSTERS,
}
"""Workflow type → name of the case → the case."""
