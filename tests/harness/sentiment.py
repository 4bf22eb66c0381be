"""The API with real stores, real workflows and a scripted sentiment model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client
from temporalio.worker import Worker

from assay.adapters.clickhouse import ClickHouseEventStore
from assay.adapters.sql import bootstrap, open_registry
from assay.contracts.sentiment import SentimentScores, SentimentSource
from assay.domain.sentiment.questions import question_batches
from assay.errors import RequestRejected
from assay.runtime.sentiment_activities import sentiment_activities
from assay.runtime.stores import Stores
from assay.temporal.queues import TaskQueue
from tests.harness.answers import CountedStarts
from tests.harness.api import KEY, SECRETS, ApiWorld
from tests.harness.registry import new_registry
from workflows.sentiment import SentimentBatch


class ScriptedSentiment:
    """A model that likes texts with a plus, dislikes those with a minus, and does not care for others.

    Attributes:
        asked: every call, its texts.
        failures: what the next calls raise; None: they succeed.
        open: cleared, it takes questions and answers none.
        free: how many of the next ones it answers all the same.
        flagged: texts that it refuses, with all that are asked about together.
    """

    def __init__(self, backend: str = "lexicon") -> None:
        self.backend = backend
        self.name = "scripted-1"
        self.is_third_party = backend == "llm"
        self.asked: list[list[str]] = []
        self.failures: list[Exception | None] = []
        self.free = 0
        self.flagged: set[str] = set()
        self.open = asyncio.Event()
        self.open.set()

    def portions(self, texts: Sequence[str]) -> Iterable[Sequence[str]]:
        """See `assay.ports.SentimentModel`: questions, where a language model is asked."""
        return question_batches(texts) if self.is_third_party else [texts]

    async def classify(self, project_id: int, texts: Sequence[str]) -> Sequence[SentimentScores]:
        """See `assay.ports.SentimentModel`."""
        self.asked.append(list(texts))
        failure = self.failures.pop(0) if self.failures else None
        self.free -= 1
        if self.free < 0:
            await self.open.wait()
        if failure is not None:
            raise failure
        if self.flagged.intersection(texts):
            raise RequestRejected("It was flagged.")
        return [scores_of(text) for text in texts]

    @property
    def counts(self) -> Counter[str]:
        """How often each text was asked about."""
        return Counter(text for texts in self.asked for text in texts)

    @property
    def source(self) -> SentimentSource:
        """Who it is."""
        return SentimentSource(backend=self.backend, model=self.name, is_third_party=self.is_third_party)


_SCORES = {
    (True, False): (0.8, 0.15, 0.05),
    (False, True): (0.05, 0.15, 0.8),
    (False, False): (0.25, 0.5, 0.25),
    (True, True): (0.4, 0.2, 0.4),
}


def scores_of(text: str) -> SentimentScores:
    """What the model says of a text."""
    positive, neutral, negative = _SCORES["+" in text, "-" in text]
    return SentimentScores(positive=positive, neutral=neutral, negative=negative)


class SentimentWorld:
    """The API, and what is behind it; the client is of project 1."""

    def __init__(
        self, api: ApiWorld, stores: Stores, model: ScriptedSentiment, starts: CountedStarts
    ) -> None:
        self.api, self.stores, self.model, self.starts = api, stores, model, starts

    def client(self, **changes: Any) -> httpx.AsyncClient:
        """A client of a new app."""
        defaults: dict[str, Any] = {
            "inputs": self.stores.inputs,
            "sentiment": self.model.source,
            "temporal": self.starts,
        }
        return self.api.client(**(defaults | changes))


@asynccontextmanager
async def sentiment_world(
    folder: Path, events: ClickHouseEventStore, temporal: Client, model: ScriptedSentiment
) -> AsyncIterator[SentimentWorld]:
    """A world with a registry of its own, and workers for as long as the block lasts."""
    registry = open_registry(await new_registry(folder / "registry.sqlite"), secrets=SECRETS)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(registry.close)
        await bootstrap(registry, api_key=KEY, project_token=None, user_email="a@b", ai_consent=True)
        stores = Stores.of(registry, events)
        queue = TaskQueue.LLM if model.backend == "llm" else TaskQueue.COMPUTE
        activities = sentiment_activities(stores, model)[queue]
        for worker in (
            Worker(temporal, task_queue=TaskQueue.MAIN, workflows=[SentimentBatch]),
            Worker(temporal, task_queue=queue, activities=activities),
        ):
            await stack.enter_async_context(worker)
        yield SentimentWorld(ApiWorld(registry), stores, model, CountedStarts(temporal))
