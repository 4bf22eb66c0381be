"""Windows with real stores, real workers and a scripted model; activities can fail after they did their work."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

from activities.judge_models import JudgeModels
from activities.model_gate import ModelGate
from assay.adapters.clickhouse import (
    ClickHouseEventStore,
)
from assay.adapters.event_writer import BlockEventWriter
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.sql import SqlRegistry, bootstrap, open_registry
from assay.contracts.clustering import AnalysisLevel, ClusteringJobSpec
from assay.contracts.evaluations import Provider
from assay.contracts.events import Event
from assay.contracts.summarization_windows import (
    SummarizationWindowInput,
    SummarizationWindowResult,
    WindowProgress,
    WindowRef,
)
from assay.domain.summary_windows import HOUR, first_mark
from assay.runtime.answer_activities import answer_activities
from assay.runtime.settings import Settings
from assay.runtime.stores import Stores
from assay.runtime.window_activities import window_activities
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import PROJECT, pairs
from tests.harness.answers import AnsweringModel
from tests.harness.api import SECRETS
from tests.harness.registry import new_registry
from workflows.summarization import Summarization
from workflows.summarization_windows import SummarizationWindow


class FailsAfter(Interceptor):
    """Activities do their work and fail then, as if their worker had died before it could say so.

    Attributes:
        left: type of the activity → attempts that fail.
    """

    def __init__(self) -> None:
        self.left: Counter[str] = Counter()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        left = self.left

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:
                result = await self.next.execute_activity(input)
                name = activity.info().activity_type
                if left[name] > 0:
                    left[name] -= 1
                    raise RuntimeError("killed")
                return result

        return Inbound(next)


class WindowWorld:
    """A project of its own, whose last hours can be summarised.

    Attributes:
        since: beginning of the last hour that is over.
    """

    def __init__(self, client: Client, stores: Stores, model: AnsweringModel, project_id: int) -> None:
        self.client, self.stores, self.model, self.project_id = client, stores, model, project_id
        self.since = first_mark(datetime.now(UTC))
        self.fails_after = FailsAfter()

    @property
    def registry(self) -> SqlRegistry:
        return self.stores.registry

    async def job(
        self, level: AnalysisLevel = AnalysisLevel.TRACE, *, filters: Any = (), enabled: bool = True
    ) -> WindowRef:
        """A new clustering job."""
        job = await self.registry.clustering_jobs.create(
            self.project_id,
            ClusteringJobSpec(
                name=f"Job {uuid4()}", analysis_level=level, event_filters=list(filters), enabled=enabled
            ),
        )
        return WindowRef(project_id=self.project_id, job_id=job.id)

    def generation(self, trace_id: str, said: str = "It rains.", *, hours_ago: int = 0, **more: Any) -> Event:
        """Store a generation of the last hour, or of an earlier one."""
        event = Event(
            project_id=self.project_id,
            event="$ai_generation",
            uuid=uuid4(),
            distinct_id="user",
            timestamp=self.since + timedelta(minutes=10) - hours_ago * HOUR,
            properties={
                "$ai_trace_id": trace_id,
                "$ai_model": "gpt-4o",
                "$ai_input": [{"role": "user", "content": f"How is the weather in {trace_id}?"}],
                "$ai_output_choices": [{"role": "assistant", "content": said}],
                **more,
            },
        )
        self.stores.events.insert([event])
        return event

    async def start(self, ref: WindowRef, *, hours: int = 1) -> WorkflowHandle[Any, Any]:
        """Begin with the last hours."""
        progress = WindowProgress(mark=self.since - (hours - 1) * HOUR)
        return await self.client.start_workflow(
            SummarizationWindow.run,
            SummarizationWindowInput(ref=ref, progress=progress),
            id=f"summarization-window-{uuid4()}",
            task_queue=TaskQueue.MAIN,
            priority=fair(Rank.SUMMARIES, self.project_id),
            search_attributes=pairs((PROJECT, str(self.project_id))),
        )

    async def run(self, ref: WindowRef, *, hours: int = 1) -> SummarizationWindowResult:
        """Work off the last hours."""
        result: SummarizationWindowResult = await (await self.start(ref, hours=hours)).result()
        return result

    def told(self, event: str = "$ai_trace_summary") -> list[dict[str, Any]]:
        """All rows of summaries that were written, however often: identity, time and properties."""
        found = self.stores.events.connection.query(
            "SELECT uuid, timestamp, distinct_id, properties_text FROM events "
            "WHERE project_id = {project:UInt64} AND event = {event:String}",
            project=self.project_id,
            event=event,
        )
        return list({row["uuid"]: row for row in found}.values())

    def vectors(self) -> int:
        """Texts that have a vector."""
        [row] = self.stores.events.connection.query(
            "SELECT uniqExact(digest) AS texts FROM embeddings WHERE project_id = {project:UInt64}",
            project=self.project_id,
        )
        return int(row["texts"])


@asynccontextmanager
async def window_world(
    folder: Path,
    events: ClickHouseEventStore,
    client: Client,
    model: AnsweringModel,
    project_number: int,
    *,
    house: bool = True,
) -> AsyncIterator[WindowWorld]:
    """A world with a registry of its own, and workers for as long as the block lasts.

    Args:
        project_number: the id of its project: other worlds have events in the same store.
        house: whether the operator has access to a model.
    """
    registry = open_registry(await new_registry(folder / "registry.sqlite"), secrets=SECRETS)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(registry.close)
        await bootstrap(registry, api_key=None, project_token=None, user_email="a@b", ai_consent=True)
        while (project := await registry.access.create_project("Windows")).id < project_number:
            pass
        stores = Stores.of(registry, events)
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=model.base_url, api_version=None)
        asks = LiteLLM(
            {Provider.OPENAI: access} if house else {}, base_urls={Provider.OPENAI: model.base_url}
        )
        models, gate = JudgeModels(registry, asks), ModelGate(asks)
        writer = BlockEventWriter(events)
        stack.push_async_callback(writer.aclose)
        answers = answer_activities(stores, models=models, gate=gate)
        windows = window_activities(client, Settings(), stores, writer=writer, models=models, gate=gate)
        world = WindowWorld(client, stores, model, project.id)
        for queue in TaskQueue:
            worker = Worker(
                client,
                task_queue=queue,
                workflows=[SummarizationWindow, Summarization] if queue is TaskQueue.MAIN else [],
                activities=[*answers.get(queue, ()), *windows.get(queue, ())],
                interceptors=[world.fails_after],
            )
            await stack.enter_async_context(worker)
        yield world
