"""Activities of `summarization-window` with the real names and types, and a stand-in for summaries."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.summarization import AnswerStep, AskSummary, SummarizationInput, SummarizationResult
from assay.contracts.summarization_windows import (
    EmbedSummary,
    ItemOfWindow,
    PlanWindow,
    PreparedItem,
    RecordSummary,
    WindowItem,
    WindowPlan,
    WindowRef,
)
from assay.errors import WorkError
from assay.temporal.queues import TaskQueue
from tests.histories.summarization_cases import some_work
from workflows.summarization import Summarization
from workflows.summarization_windows import SummarizationWindow

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
REF = WindowRef(project_id=1, job_id=UUID("5d1c1d52-6ad8-4d2b-8f0c-3a2f4f3e8a01"))
MADE = SummarizationResult(
    model="gpt-4.1-mini", questions=1, pieces=1, input_tokens=900, output_tokens=80, cost_usd=0.001
)


def sampled(*ids: str, level: AnalysisLevel = AnalysisLevel.TRACE, **changes: Any) -> WindowPlan:
    """A plan with these items."""
    items = tuple(WindowItem(id=each, timestamp=NOON) for each in ids)
    values = {"level": level, "job_name": "Checkout", "queried": 10 * len(ids), "items": items}
    return WindowPlan.model_validate(values | changes)


@dataclass
class ScriptedWindow:
    """The activities as they are to turn out.

    Attributes:
        plans: of the windows, in order; then: nothing was drawn.
        skips: item → why it is skipped.
        cached: items whose summary is there already.
        faults: (activity, item) → what its attempts raise, in order.
        joined: what becomes of summaries that others have begun.
        under_way, most_under_way: questions to the model.
    """

    plans: list[WindowPlan | WorkError] = field(default_factory=list)
    skips: Mapping[str, str] = field(default_factory=dict)
    cached: Sequence[str] = ()
    faults: dict[tuple[str, str], list[WorkError]] = field(default_factory=dict)
    joined: list[SummarizationInput] = field(default_factory=list)
    planned: list[PlanWindow] = field(default_factory=list)
    recorded: list[RecordSummary] = field(default_factory=list)
    embedded: list[EmbedSummary] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    @activity.defn(name="plan-summarization-window")
    async def plan(self, given: PlanWindow) -> WindowPlan:
        self.planned.append(given)
        plan = self.plans.pop(0) if self.plans else sampled()
        if isinstance(plan, WorkError):
            raise plan
        return plan

    @activity.defn(name="prepare-summary-item")
    async def prepare(self, given: ItemOfWindow) -> PreparedItem:
        item = given.item.id
        self._fail("prepare", item)
        if item in self.skips:
            return PreparedItem(skip=self.skips[item])
        work = some_work(digest=digest(item), subject=item)
        return PreparedItem(work=work, cached=item in self.cached, trace_id=item, events=2)

    @activity.defn(name="record-summary")
    async def record(self, given: RecordSummary) -> None:
        self.recorded.append(given)
        self._fail("record", given.of.item.id)

    @activity.defn(name="embed-summary")
    async def embed(self, given: EmbedSummary) -> None:
        self.embedded.append(given)
        self._fail("embed", given.digest.split("/")[0])

    @activity.defn(name="ask-summary")
    async def ask(self, given: AskSummary) -> AnswerStep:
        self.asked.append(given.work.subject)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        self._fail("ask", given.work.subject)
        return AnswerStep(model="gpt-4.1-mini", input_tokens=900, output_tokens=80, cost_usd=0.001)

    @activity.defn(name="await-summary")
    async def await_summary(self, work: SummarizationInput) -> SummarizationResult:
        self.joined.append(work)
        self._fail("join", work.subject)
        return MADE

    @asynccontextmanager
    async def workers(self, client: Client) -> Any:
        """Workers of all queues, for the length of the block."""
        main = [self.plan, self.prepare, self.record, self.await_summary]
        workflows = [SummarizationWindow, Summarization]
        async with (
            Worker(client, task_queue=TaskQueue.MAIN, workflows=workflows, activities=main),
            Worker(client, task_queue=TaskQueue.LLM, activities=[self.ask]),
            Worker(client, task_queue=TaskQueue.COMPUTE, activities=[self.embed]),
        ):
            yield

    def _fail(self, name: str, item: str) -> None:
        if self.faults.get((name, item)):
            raise self.faults[name, item].pop(0)


def digest(item: str) -> str:
    """What the scripted summary of an item is kept under; an item's first 32 characters decide its workflow."""
    return f"{item}/".ljust(64, "0")
