"""The API with real stores, real workflows and a scripted model, for answers that somebody waits for."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, override

import httpx
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.judge_models import JudgeModels
from activities.model_gate import ModelGate
from assay.adapters.clickhouse import (
    ClickHouseEventStore,
)
from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.sql import bootstrap, open_registry
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.runtime.answer_activities import answer_activities
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from tests.harness.api import KEY, SECRETS, ApiWorld
from tests.harness.registry import new_registry
from workflows.evaluation_summaries import EvaluationSummary
from workflows.summarization import Summarization
from workflows.translations import Translation


class AnsweringModel(ScriptedModelServer):
    """A model that answers by a function of the question.

    Attributes:
        answer: what it says to the body of a request; None: what the scripted model says.
        open: cleared, it takes questions and answers none.
        most_at_once: how many questions waited for their answers together at most.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[dict[str, Any]], Reply] | None = None
        self.open = threading.Event()
        self.open.set()
        self.most_at_once = 0
        self._waiting = 0

    @override
    def reset(self) -> None:
        super().reset()
        self.answer = None
        self.open.set()
        self.most_at_once = 0
        self.latency = 0.0

    @override
    async def _answer(self, request: Request) -> Response:
        self._waiting += 1
        self.most_at_once = max(self.most_at_once, self._waiting)
        try:
            response = await super()._answer(request)
            await asyncio.to_thread(self.open.wait)
            return response
        finally:
            self._waiting -= 1

    @override
    def _scripted(self, request: Request, body: Any) -> Reply:
        return super()._scripted(request, body) if self.answer is None else self.answer(body)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The bodies of all questions."""
        return [request.body for request in self.requests]

    async def until_asked(self, count: int) -> None:
        """Wait for so many questions."""
        async with asyncio.timeout(30):
            while len(self.requests) < count:  # noqa: ASYNC110  (the server tells nobody)
                await asyncio.sleep(0.01)


class CountedStarts:
    """A Temporal client that counts the workflows which it has started or joined."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._counted = asyncio.Condition()
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def start_workflow(self, *arguments: Any, **options: Any) -> WorkflowHandle[Any, Any]:
        handle = await self._client.start_workflow(*arguments, **options)
        async with self._counted:
            self.count += 1
            self._counted.notify_all()
        return handle

    async def until(self, count: int) -> None:
        """Wait for so many."""
        async with self._counted:
            await self._counted.wait_for(lambda: self.count >= count)


class AnswerWorld:
    """The API, and what is behind it.

    Attributes:
        client: of project 1.
        starts: see `CountedStarts`.
    """

    def __init__(
        self, api: ApiWorld, stores: Stores, model: AnsweringModel, starts: CountedStarts, gate: ModelGate
    ) -> None:
        self.api, self.stores, self.model, self.starts, self.gate = api, stores, model, starts, gate

    def client(self, **changes: Any) -> httpx.AsyncClient:
        """A client of a new app."""
        defaults: dict[str, Any] = {
            "events": self.stores.events,
            "judged_runs": self.stores.judged_runs,
            "traces": self.stores.traces,
            "temporal": self.starts,
        }
        return self.api.client(**(defaults | changes))


@asynccontextmanager
async def answer_world(
    folder: Path, events: ClickHouseEventStore, temporal: Client, model: AnsweringModel, *, house: bool = True
) -> AsyncIterator[AnswerWorld]:
    """A world with a registry of its own, and workers for as long as the block lasts.

    Args:
        house: whether the operator has access to a model.
    """
    registry = open_registry(await new_registry(folder / "registry.sqlite"), secrets=SECRETS)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(registry.close)
        await bootstrap(registry, api_key=KEY, project_token=None, user_email="a@b", ai_consent=True)
        stores = Stores.of(registry, events)
        access = HouseAccess(api_key=SecretStr("sk-house"), base_url=model.base_url, api_version=None)
        asks = LiteLLM(
            {Provider.OPENAI: access} if house else {}, base_urls={Provider.OPENAI: model.base_url}
        )
        gate = ModelGate(asks)
        activities = answer_activities(stores, models=JudgeModels(registry, asks), gate=gate)
        for queue in (TaskQueue.MAIN, TaskQueue.LLM):
            workflows = [EvaluationSummary, Summarization, Translation] if queue is TaskQueue.MAIN else []
            worker = Worker(temporal, task_queue=queue, workflows=workflows, activities=activities[queue])
            await stack.enter_async_context(worker)
        yield AnswerWorld(ApiWorld(registry), stores, model, CountedStarts(temporal), gate)


def answering(content: Any) -> Reply:
    """A reply with a JSON value, or a text as it is."""
    return Reply(content=content if isinstance(content, str) else json.dumps(content))
