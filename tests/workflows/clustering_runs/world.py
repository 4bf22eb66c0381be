"""Clustering runs with real stores, real workers and a scripted model; activities can fail after their work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.judge_models import JudgeModels
from activities.model_gate import ModelGate
from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.compute import ComputeProcesses
from assay.adapters.event_writer import BlockEventWriter
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.sentiment import LexiconSentiment
from assay.adapters.sql import SqlRegistry, bootstrap, open_registry
from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec
from assay.contracts.clustering_runs import Cluster, ClusteringRun
from assay.contracts.clustering_workflows import ClusteringRunInput, ClusteringRunResult
from assay.contracts.evaluations import Provider
from assay.contracts.events import Event
from assay.runtime.clustering_activities import clustering_activities
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.temporal.ids import clustering_run_id
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from tests.harness.answers import AnsweringModel
from tests.harness.api import SECRETS
from tests.harness.registry import new_registry
from tests.workflows.summarization_windows.world import FailsAfter
from workflows.clustering_runs import ClusteringRunWorkflow

OTHER_TOPICS = {
    "taxes": "How do I declare income taxes for freelance work and which deductions can I claim this year?",
}
TOPICS = {
    "parcel": "My parcel is late and the courier lost the delivery, where is the package I ordered?",
    "card": "My credit card payment was declined at the bank, why is the card blocked?",
    "recipe": "Give me a recipe for vegetable soup with carrots, onions and potatoes to cook tonight.",
}
_ENDINGS = ("Please help.", "Thank you!", "It is urgent.", "Any idea?", "I have waited long.", "What now?")


class ClusteringWorld:
    """A project of its own, whose traces can be put into clusters."""

    def __init__(
        self,
        client: Client,
        stores: Stores,
        model: AnsweringModel,
        project_id: int,
        activities: Mapping[TaskQueue, Sequence[Callable[..., Any]]],
    ) -> None:
        self.client, self.stores, self.model, self.project_id = client, stores, model, project_id
        self.activities = activities
        self.at = datetime.now(UTC).replace(microsecond=0)
        self.fails_after = FailsAfter()

    @property
    def registry(self) -> SqlRegistry:
        return self.stores.registry

    async def job(self, level: AnalysisLevel = AnalysisLevel.TRACE, *, filters: Any = ()) -> UUID:
        """A new clustering job."""
        spec = ClusteringJobSpec(name=f"Job {uuid4()}", analysis_level=level, event_filters=list(filters))
        return (await self.registry.clustering_jobs.create(self.project_id, spec)).id

    def ask(self, topic: str, number: int, *, moved: timedelta = timedelta(0), **more: Any) -> Event:
        """Store a trace of one generation, in which somebody asks about a topic."""
        ending = f"{_ENDINGS[number % len(_ENDINGS)]} Number {number}."
        event = Event(
            project_id=self.project_id,
            event="$ai_generation",
            uuid=uuid4(),
            distinct_id="user",
            timestamp=self.at + moved - timedelta(hours=2, minutes=number),
            properties={
                "$ai_trace_id": f"{topic}-{number}",
                "$ai_model": "gpt-4o",
                "$ai_latency": 2.0,
                "$ai_total_cost_usd": 0.25,
                "$ai_input": [{"role": "user", "content": f"{(TOPICS | OTHER_TOPICS)[topic]} {ending}"}],
                "$ai_output_choices": [{"role": "assistant", "content": f"About your {topic}: {ending}"}],
                **more,
            },
        )
        self.stores.events.insert([event])
        return event

    def judge(self, evaluation_id: UUID, number: int) -> None:
        """Store a verdict `true` of an evaluation on a generation."""
        self.stores.events.insert(
            [
                Event(
                    project_id=self.project_id,
                    event="$ai_evaluation",
                    uuid=uuid4(),
                    distinct_id="user",
                    timestamp=self.at - timedelta(hours=1, minutes=number),
                    properties={
                        "$ai_trace_id": f"judged-{number}",
                        "$ai_evaluation_id": str(evaluation_id),
                        "$ai_evaluation_name": "Leaks secrets",
                        "$ai_evaluation_result": True,
                        "$ai_evaluation_reasoning": f"There is a password in line {number}.",
                        "$ai_target_event_id": str(uuid4()),
                    },
                )
            ]
        )

    def ask_all(self, each: int, *, first: int = 0) -> None:
        """So many traces about each topic."""
        for topic in TOPICS:
            for number in range(first, first + each):
                self.ask(topic, number)

    def ask_on(self, day: int, *topics: str, each: int = 12) -> None:
        """So many traces about these topics, in the hours before the run of a day."""
        moved = timedelta(days=day)
        for topic in topics:
            for number in range(each):
                self.ask(topic, number, moved=moved, **{"$ai_trace_id": f"{topic}-{number}-{day}"})

    async def start(self, job_id: UUID | None, *, days_later: int = 0) -> WorkflowHandle[Any, Any]:
        """Start a run."""
        at = self.at + timedelta(days=days_later)
        return await self.client.start_workflow(
            ClusteringRunWorkflow.run,
            ClusteringRunInput(project_id=self.project_id, job_id=job_id, at=at),
            id=clustering_run_id(self.project_id, job_id, at),
            task_queue=TaskQueue.MAIN,
            priority=fair(Rank.SUMMARIES, self.project_id),
        )

    async def run(self, job_id: UUID | None, *, days_later: int = 0) -> ClusteringRunResult:
        """See a run to its end."""
        result: ClusteringRunResult = await (await self.start(job_id, days_later=days_later)).result()
        return result

    async def row(self, run: ClusteringRunResult | UUID) -> ClusteringRun:
        """What the registry knows of a run."""
        run_id = run if isinstance(run, UUID) else run.id
        found = await self.registry.clustering_runs.get(self.project_id, run_id)
        assert found is not None
        return found

    def clusters(self, result: ClusteringRunResult) -> list[Cluster]:
        """What is kept of its clusters."""
        return self.stores.clustering_artefacts.clusters(self.project_id, result.id)

    def told(self, level: str = "trace") -> list[dict[str, Any]]:
        """Properties of the events of all runs, the oldest first; each time one was written."""
        rows = self.stores.events.connection.query(
            "SELECT properties_text FROM events FINAL WHERE project_id = {project:UInt64} "
            "AND event = {event:String} ORDER BY timestamp",
            project=self.project_id,
            event=f"$ai_{level}_clusters",
        )
        return [json.loads(row["properties_text"]) for row in rows]


def topic_of(cluster: dict[str, Any]) -> tuple[str, float]:
    """Which topic most traces of a cluster of an event are about, and their share."""
    [(topic, count)] = Counter(trace.split("-")[0] for trace in cluster["traces"]).most_common(1)
    return topic, count / len(cluster["traces"])


@asynccontextmanager
async def clustering_world(
    folder: Path,
    events: ClickHouseEventStore,
    client: Client,
    model: AnsweringModel,
    *,
    compute: ComputeProcesses,
    project_number: int,
    house: bool = True,
    consent: bool = True,
) -> AsyncIterator[ClusteringWorld]:
    """A world with a registry of its own, and workers for as long as the block lasts.

    Args:
        compute: where clusters are made.
        project_number: the id of its project: other worlds have events in the same store.
        house: whether the operator has access to a model.
        consent: whether texts may be sent to it.
    """
    registry = open_registry(await new_registry(folder / "registry.sqlite"), secrets=SECRETS)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(registry.close)
        await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=consent)
        while (project := await registry.access.create_project("Clusters")).id < project_number:
            pass
        stores = Stores.of(registry, events)
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=model.base_url, api_version=None)
        asks = LiteLLM(
            {Provider.OPENAI: access} if house else {}, base_urls={Provider.OPENAI: model.base_url}
        )
        writer = BlockEventWriter(events)
        stack.push_async_callback(writer.aclose)
        activities = clustering_activities(
            Settings(),
            stores,
            writer=writer,
            models=JudgeModels(registry, asks),
            gate=ModelGate(asks),
            sentiment=LexiconSentiment(compute),
            compute=compute,
        )
        world = ClusteringWorld(client, stores, model, project.id, activities)
        for queue in TaskQueue:
            worker = Worker(
                client,
                task_queue=queue,
                workflows=[ClusteringRunWorkflow] if queue is TaskQueue.MAIN else [],
                activities=activities[queue],
                interceptors=[world.fails_after],
            )
            await stack.enter_async_context(worker)
        yield world
