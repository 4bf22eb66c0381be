"""Activities of `clustering-run` with the real names and types, as they are to turn out."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_workflows import (
    CloseClusteringRun,
    ClusteringPlan,
    ClusteringRunInput,
    ClusteringStep,
    ClusterItems,
    ClustersLabelled,
    EmitClusters,
    ItemsClustered,
    ItemsEmbedded,
    ItemsRead,
    ItemsSampled,
    LabelClusters,
    LabelsWanted,
    OpenClusteringRun,
    SentimentMeasured,
)
from assay.domain.clustering_rows import clustering_run_uuid
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from workflows.clustering_runs import ClusteringRunWorkflow

GIVEN = ClusteringRunInput(project_id=1, job_id=UUID("5d1c1d52-6ad8-4d2b-8f0c-3a2f4f3e8a01"))
CLUSTERED = ItemsClustered(
    clusters=3,
    noise=4,
    largest_share=0.4,
    method="hdbscan",
    min_cluster_size=5,
    stability=0.8,
    kept=1,
    born=2,
)


def named(*clusters: int, problems: tuple[str, ...] = (), cost_usd: float | None = 0.01) -> ClustersLabelled:
    """What comes of a question."""
    return ClustersLabelled(labelled=clusters, problems=problems, model="gpt-5-mini", cost_usd=cost_usd)


@dataclass
class ScriptedClustering:
    """The activities.

    Attributes:
        ahead: the runs whose turns come first, in order.
        skip: see `ClusteringPlan`.
        wanted: which names a model is asked for.
        answers: to questions for names, in order; then each names all that it is asked for.
        faults: activity → what its attempts raise, in order; None: nothing.
        done: names of the activities that were begun, in order.
    """

    ahead: list[str] = field(default_factory=list)
    skip: str = ""
    sampled: ItemsSampled = field(default_factory=lambda: ItemsSampled(found=50, drawn=20))
    read: ItemsRead = field(default_factory=lambda: ItemsRead(with_text=18, summarised=5, said=9))
    wanted: LabelsWanted = field(default_factory=lambda: LabelsWanted(groups=((1, 2),), carried=1))
    answers: list[ClustersLabelled] = field(default_factory=list)
    faults: dict[str, list[Exception | None]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    opened: list[OpenClusteringRun] = field(default_factory=list)
    asked: list[LabelClusters] = field(default_factory=list)
    emitted: list[EmitClusters] = field(default_factory=list)
    closed: list[CloseClusteringRun] = field(default_factory=list)

    @activity.defn(name="open-clustering-run")
    async def open(self, given: OpenClusteringRun) -> ClusteringPlan:
        self.opened.append(given)
        self._begin("open")
        return ClusteringPlan(
            waits_for=self.ahead.pop(0) if self.ahead else "",
            skip=self.skip,
            id=clustering_run_uuid(given.workflow_id),
            run_id="1_trace_20260504_120000",
            level=AnalysisLevel.TRACE,
            job_name="Checkout",
            since=given.at - timedelta(days=given.given.days),
            until=given.at,
        )

    @activity.defn(name="sample-clustering-items")
    async def sample_items(self, step: ClusteringStep) -> ItemsSampled:
        self._begin("sample")
        return self.sampled

    @activity.defn(name="read-clustering-items")
    async def read_items(self, step: ClusteringStep) -> ItemsRead:
        self._begin("read")
        return self.read

    @activity.defn(name="embed-clustering-items")
    async def embed(self, step: ClusteringStep) -> ItemsEmbedded:
        self._begin("embed")
        return ItemsEmbedded(model="local", dimensions=256, made=10, cached=8)

    @activity.defn(name="cluster-items")
    async def cluster(self, given: ClusterItems) -> ItemsClustered:
        self._begin("cluster")
        assert given.model == "local"
        return CLUSTERED

    @activity.defn(name="plan-cluster-labels")
    async def plan(self, step: ClusteringStep) -> LabelsWanted:
        self._begin("plan")
        return self.wanted

    @activity.defn(name="label-clusters")
    async def label(self, given: LabelClusters) -> ClustersLabelled:
        self.asked.append(given)
        self._begin("label")
        return self.answers.pop(0) if self.answers else named(*given.clusters)

    @activity.defn(name="measure-clusters")
    async def measure(self, step: ClusteringStep) -> int:
        self._begin("measure")
        return 3

    @activity.defn(name="measure-cluster-sentiment")
    async def measure_sentiment(self, step: ClusteringStep) -> SentimentMeasured:
        self._begin("sentiment")
        return SentimentMeasured(texts=9)

    @activity.defn(name="emit-clusters")
    async def emit(self, given: EmitClusters) -> None:
        self.emitted.append(given)
        self._begin("emit")

    @activity.defn(name="close-clustering-run")
    async def close(self, given: CloseClusteringRun) -> None:
        self.closed.append(given)
        self._begin("close")

    @asynccontextmanager
    async def workers(self, client: Client) -> Any:
        """Workers of all queues, for the length of the block."""
        main = [
            self.open,
            self.sample_items,
            self.read_items,
            self.plan,
            self.measure,
            self.emit,
            self.close,
        ]
        compute = [self.embed, self.cluster, self.measure_sentiment]
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=[ClusteringRunWorkflow], activities=main),
            Worker(client, task_queue=TaskQueue.LLM, activities=[self.label]),
            Worker(client, task_queue=TaskQueue.COMPUTE, activities=compute),
        ):
            yield

    def _begin(self, name: str) -> None:
        self.done.append(name)
        fault = self.faults[name].pop(0) if self.faults.get(name) else None
        if fault is not None:
            raise fault


async def start(
    client: Client, given: ClusteringRunInput = GIVEN, **options: Any
) -> WorkflowHandle[Any, Any]:
    """Start a run."""
    return await client.start_workflow(
        ClusteringRunWorkflow.run,
        given,
        id=f"clustering-run-{uuid4()}",
        task_queue=TaskQueue.MAIN,
        priority=fair(Rank.SUMMARIES, given.project_id),
        **options,
    )
