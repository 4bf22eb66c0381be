"""The activities of clustering runs, with what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from activities.cluster_labels import ClusterLabelActivities
from activities.clustering_compute import ClusteringComputeActivities
from activities.clustering_metrics import ClusteringMetricsActivities
from activities.clustering_runs import ClusteringRunActivities
from activities.judge_models import JudgeModels
from activities.model_answers import ModelAnswers
from activities.model_gate import ModelGate
from assay.ports import Compute, EventWriter, SentimentModel
from assay.runtime.embeddings import embedding_models
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue


def clustering_activities(
    settings: Settings,
    stores: Stores,
    *,
    writer: EventWriter,
    models: JudgeModels,
    gate: ModelGate,
    sentiment: SentimentModel,
    compute: Compute,
) -> Mapping[TaskQueue, Sequence[Callable[..., Any]]]:
    """The activities of each queue.

    Args:
        models, gate: shared with judging, whose keys are used.
        sentiment: is asked only if no text leaves the installation for it.
        compute: for calls that take a minute and a gigabyte; nobody else should have to wait for these.
    """
    registry, artefacts = stores.registry, stores.clustering_artefacts
    runs = ClusteringRunActivities(registry=registry, sources=stores.clustering_sources, artefacts=artefacts)
    computing = ClusteringComputeActivities(
        runs=registry.clustering_runs,
        artefacts=artefacts,
        models=embedding_models(settings, registry, models=models, gate=gate),
        cache=stores.embeddings,
        compute=compute,
    )
    labels = ClusterLabelActivities(
        registry=registry,
        answers=ModelAnswers(artifacts=registry.artifacts, models=models, gate=gate),
        artefacts=artefacts,
    )
    metrics = ClusteringMetricsActivities(
        runs=registry.clustering_runs,
        evaluations=registry.evaluations,
        sources=stores.clustering_sources,
        artefacts=artefacts,
        sentiment=sentiment,
        writer=writer,
    )
    return {
        TaskQueue.MAIN: [
            runs.open,
            runs.sample,
            runs.read,
            runs.close,
            labels.plan,
            metrics.measure,
            metrics.emit,
        ],
        TaskQueue.LLM: [labels.label],
        TaskQueue.COMPUTE: [computing.embed, computing.cluster, metrics.measure_sentiment],
    }
