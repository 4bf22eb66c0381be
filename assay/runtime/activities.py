"""All activities, on their ports: which queue runs what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from temporalio.client import Client

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
from assay.ports import Compute, EventWriter, HogRunner, SentimentModel
from assay.runtime.answer_activities import answer_activities
from assay.runtime.clustering_activities import clustering_activities
from assay.runtime.delivery import ReportDelivery
from assay.runtime.hog import process_count
from assay.runtime.report_activities import report_activities
from assay.runtime.sentiment_activities import sentiment_activities
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.runtime.window_activities import window_activities
from assay.temporal.queues import TaskQueue


def activities_of(
    client: Client,
    settings: Settings,
    stores: Stores,
    *,
    writer: EventWriter,
    models: JudgeModels,
    gate: ModelGate,
    hog: HogRunner,
    delivery: ReportDelivery,
    sentiment: SentimentModel,
    compute: Compute,
) -> Mapping[TaskQueue, Sequence[Callable[..., Any]]]:
    """The activities of each queue.

    Args:
        client: what activities reach other workflows through.
        models, gate: how models are asked, and when.
        delivery: how reports reach people.
        compute: for clusters.
    """
    judge = Judge(models, gate)
    runs = EvaluationActivities(
        registry=stores.registry,
        events=stores.events,
        judge=judge,
        trial_eval_limit=settings.trial_eval_limit,
    )
    hog_runs = HogEvaluationActivities(registry=stores.registry, events=stores.events, hog=hog)
    states = EvaluationStates(stores.registry)
    batches = Batches(registry=stores.registry, targets=stores.targets, writer=writer, states=states)
    hog_batches = HogBatchActivities(
        registry=stores.registry, batches=batches, hog=hog, processes=process_count(settings)
    )
    judge_batches = JudgeBatchActivities(
        registry=stores.registry,
        batches=batches,
        judge=judge,
        trial_eval_limit=settings.trial_eval_limit,
    )
    dispatching = EvaluationStreamActivities(registry=stores.registry, targets=stores.targets, states=states)
    streams, batch_runs = Streams(client), BatchRuns(client)
    backfills = BackfillActivities(targets=stores.targets, streams=streams, runs=batch_runs)
    reconcile = ReconcileActivities(
        registry=stores.registry,
        targets=stores.targets,
        states=states,
        streams=streams,
        runs=batch_runs,
    )
    reports = report_activities(
        client, settings, stores, writer=writer, models=models, gate=gate, delivery=delivery
    )
    answers = answer_activities(stores, models=models, gate=gate)
    windows = window_activities(client, settings, stores, writer=writer, models=models, gate=gate)
    feelings = sentiment_activities(stores, sentiment)
    clusters = clustering_activities(
        settings,
        stores,
        writer=writer,
        models=models,
        gate=gate,
        sentiment=sentiment,
        compute=compute,
    )
    return {
        TaskQueue.MAIN: [
            runs.record_verdict,
            runs.fail_evaluation,
            dispatching.dispatch,
            dispatching.claim_page,
            backfills.count_history,
            backfills.claim_page,
            backfills.batches_not_running,
            reconcile.list_projects,
            reconcile.survey,
            reconcile.repair,
            reconcile.report,
            *reports[TaskQueue.MAIN],
            *answers[TaskQueue.MAIN],
            *windows[TaskQueue.MAIN],
            *clusters[TaskQueue.MAIN],
        ],
        TaskQueue.LLM: [
            runs.judge,
            judge_batches.judge,
            *reports[TaskQueue.LLM],
            *answers[TaskQueue.LLM],
            *feelings[TaskQueue.LLM],
            *clusters[TaskQueue.LLM],
        ],
        TaskQueue.COMPUTE: [
            hog_runs.evaluate,
            hog_batches.evaluate,
            *windows[TaskQueue.COMPUTE],
            *feelings[TaskQueue.COMPUTE],
            *clusters[TaskQueue.COMPUTE],
        ],
    }
