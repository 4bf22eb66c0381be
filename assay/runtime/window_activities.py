"""The activities of what is done for clustering jobs hour by hour, with what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from temporalio.client import Client

from activities.job_workflows import JobWorkflowActivities
from activities.judge_models import JudgeModels
from activities.model_answers import ModelAnswers
from activities.model_gate import ModelGate
from activities.summarization_windows import SummarizationWindowActivities
from activities.summary_embeddings import SummaryEmbeddingActivities
from assay.ports import EventWriter
from assay.runtime.embeddings import embedding_models
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from schedules.job_schedules import JobSchedules


def window_activities(
    client: Client,
    settings: Settings,
    stores: Stores,
    *,
    writer: EventWriter,
    models: JudgeModels,
    gate: ModelGate,
) -> Mapping[TaskQueue, Sequence[Callable[..., Any]]]:
    """The activities of each queue.

    Args:
        models, gate: shared with judging, whose keys are used.
    """
    registry = stores.registry
    windows = SummarizationWindowActivities(
        registry=registry,
        candidates=stores.candidates,
        traces=stores.traces,
        answers=ModelAnswers(artifacts=registry.artifacts, models=models, gate=gate),
        writer=writer,
    )
    schedules = JobSchedules(client, registry, crons=settings.job_crons)
    jobs = JobWorkflowActivities(client=client, schedules=schedules, runs=registry.clustering_runs)
    embeddings = SummaryEmbeddingActivities(
        artifacts=registry.artifacts,
        models=embedding_models(settings, registry, models=models, gate=gate),
        cache=stores.embeddings,
    )
    return {
        TaskQueue.MAIN: [windows.plan, windows.prepare, windows.record, jobs.keep, jobs.await_summary],
        TaskQueue.COMPUTE: [embeddings.embed],
    }
