"""Cases of the workflow that makes a report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.report_refs import ReportRef, RunRef
from assay.contracts.report_run_workflows import (
    AuthorAsk,
    AuthorStep,
    CheckDraft,
    DeliverOutcome,
    DeliverReport,
    DraftCheck,
    FinishReport,
    PreparedRun,
    RecipientList,
    RecordDelivery,
    ReportRunInput,
    ToolUse,
)
from assay.contracts.report_runs import GenerationStatus, ReportTrigger
from assay.errors import DeliveryRefused, ModelNotFound, StoreRejected
from assay.temporal.ids import evaluation_report_run_id
from assay.temporal.queues import TaskQueue
from tests.workflows.report_world import PROJECT
from workflows.evaluation_report_runs import SETTLE, EvaluationReportRun

_TOOLS = ("get_summary_metrics", "set_title", "add_section")


@dataclass
class _Run:
    """The activities of a run as they are to turn out.

    Attributes:
        steps: what the author does, message by message; then: nothing more.
        drafts: what the checks find wrong, in order.
    """

    prepared: dict[str, Any] = field(default_factory=dict)
    steps: list[Sequence[str] | Exception] = field(default_factory=list)
    drafts: list[tuple[str, ...]] = field(default_factory=list)
    recipients: tuple[str, ...] = ("email:a@example.com", "slack:1:#quality")
    refused: str = ""
    broken: bool = False

    @activity.defn(name="prepare-report-run")
    async def prepare(self, given: ReportRunInput) -> PreparedRun:
        if self.broken:
            raise StoreRejected("a defect")
        values = {"author": "gpt-5", "total_runs": 12, "pass_rate": 75.0, "evaluation_name": "Helpfulness"}
        start_of_period = given.until - timedelta(hours=1)
        return PreparedRun(period_start=start_of_period, period_end=given.until, **values | self.prepared)

    @activity.defn(name="ask-report-author")
    async def ask(self, given: AuthorAsk) -> AuthorStep:
        step = self.steps.pop(0) if self.steps else ()
        if isinstance(step, Exception):
            raise step
        calls = tuple((f"call-{given.number}-{place}", name) for place, name in enumerate(step))
        return AuthorStep(
            tool_calls=calls, next_number=given.number + 1, input_tokens=900, output_tokens=80, cost_usd=0.01
        )

    @activity.defn(name="use-report-tool")
    async def use(self, given: ToolUse) -> bool:
        return True

    @activity.defn(name="check-report-draft")
    async def check(self, given: CheckDraft) -> DraftCheck:
        return DraftCheck(problems=self.drafts.pop(0) if self.drafts else ())

    @activity.defn(name="finish-report")
    async def finish(self, given: FinishReport) -> GenerationStatus:
        has_numbers = self.prepared.get("has_numbers", True)
        return GenerationStatus.COMPLETED if has_numbers else GenerationStatus.METRICS_UNAVAILABLE

    @activity.defn(name="list-recipients")
    async def list_recipients(self, given: RunRef) -> RecipientList:
        return RecipientList(keys=self.recipients)

    @activity.defn(name="deliver-report")
    async def deliver(self, given: DeliverReport) -> DeliverOutcome:
        if given.recipient_key == self.refused:
            raise DeliveryRefused("there is no such channel")
        return DeliverOutcome(recipient_key=given.recipient_key)

    @activity.defn(name="record-delivery")
    async def record_delivery(self, given: RecordDelivery) -> None:
        return None

    @property
    def all(self) -> list[Any]:
        return [
            self.prepare,
            self.use,
            self.check,
            self.finish,
            self.list_recipients,
            self.deliver,
            self.record_delivery,
        ]


_RUNS = {
    "written": lambda: _Run(steps=[_TOOLS[:1], _TOOLS[1:]]),
    "mended": lambda: _Run(steps=[_TOOLS[2:], (), _TOOLS[1:2]], drafts=[("it has no title",)]),
    "no-model": lambda: _Run(prepared={"author": None, "no_author_reason": "there is no key"}),
    "author-failed": lambda: _Run(steps=[_TOOLS[:1], ModelNotFound("no such model: gpt-0")]),
    "no-numbers": lambda: _Run(prepared={"has_numbers": False}),
    "not-delivered": lambda: _Run(steps=[_TOOLS], refused="slack:1:#quality"),
    "gone": lambda: _Run(prepared={"is_eligible": False}),
    "failed": lambda: _Run(broken=True),
}


def _run(name: str) -> Any:
    """A run from its start to its end, with the last two seconds of the wait before its numbers."""

    async def record(client: Client) -> WorkflowHandle[Any, Any]:
        scripted, now = _RUNS[name](), datetime.now(UTC)
        asked_for = name == "no-model"
        given = ReportRunInput(
            report=ReportRef(project_id=PROJECT, report_id=uuid4()),
            run_id=uuid4(),
            trigger=ReportTrigger.MANUAL if asked_for else ReportTrigger.SCHEDULED,
            since=None,
            until=now - SETTLE + timedelta(seconds=2),
            admitted_at=now,
        )
        async with (
            Worker(
                client,
                task_queue=TaskQueue.MAIN,
                workflows=[EvaluationReportRun],
                activities=scripted.all,
            ),
            Worker(client, task_queue=TaskQueue.LLM, activities=[scripted.ask]),
        ):
            handle = await client.start_workflow(
                EvaluationReportRun.run,
                given,
                id=evaluation_report_run_id(given.run_id),
                task_queue=TaskQueue.MAIN,
            )
            await asyncio.gather(handle.result(), return_exceptions=True)
        return handle

    return record


RUNS: Mapping[str, Any] = {name: _run(name) for name in _RUNS}
"""Name of the case → the case."""
