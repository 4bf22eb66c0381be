"""What a backfill has around it, scripted: history, the stream that claims, and batches that judge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from assay.contracts.evaluation_backfills import (
    BackfillProgress,
    BatchesAnswer,
    BatchesQuestion,
    CountHistoryInput,
    EvaluationBackfillInput,
)
from assay.contracts.evaluation_batches import (
    BatchFinished,
    BatchRef,
    BatchTally,
    ClaimedBatch,
    ClaimedPage,
    ClaimPageInput,
    EvaluationBatchInput,
)
from assay.contracts.evaluations import EvaluationType
from assay.errors import WorkError
from assay.temporal.ids import evaluation_backfill_id
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs
from workflows.evaluation_backfills import EvaluationBackfill

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 11, 8, tzinfo=UTC)


def a_backfill(**changes: object) -> EvaluationBackfillInput:
    values: dict[str, object] = {
        "project_id": 1,
        "backfill_id": uuid4(),
        "evaluation_id": uuid4(),
        "evaluation_name": "Helpfulness",
        "evaluation_type": EvaluationType.LLM_JUDGE,
        "since": SINCE,
        "until": UNTIL,
        "requested_by": "first@example.com",
        "requested_at": UNTIL,
    }
    return EvaluationBackfillInput.model_validate(values | changes)


def a_tally(size: int, **changes: object) -> BatchTally:
    """All passed, at a cent each."""
    values: dict[str, object] = {
        "size": size,
        "outcomes": {"pass": size},
        "input_tokens": 100 * size,
        "output_tokens": 10 * size,
        "cost_usd": 0.01 * size,
    }
    return BatchTally.model_validate(values | changes)


@workflow.defn(name="evaluation-batch", sandboxed=False)
class ScriptedBatch:
    """Reports what it is told to: at once, or when a test says so."""

    def __init__(self) -> None:
        self._tally: BatchTally | None = None

    @workflow.run
    async def run(self, given: EvaluationBatchInput) -> None:
        tally = await workflow.execute_activity(
            "next-tally", given, result_type=BatchTally, start_to_close_timeout=timedelta(seconds=10)
        )
        if tally.stopped == "wait":
            await workflow.wait_condition(lambda: self._tally is not None)
            tally = self._tally
        if tally.stopped == "silence":
            return
        waiting = workflow.get_external_workflow_handle(given.reply_to)
        await waiting.signal("batch_finished", BatchFinished(ref=given.batch.ref, tally=tally))

    @workflow.signal
    def judged(self, tally: BatchTally) -> None:
        self._tally = tally


WAIT = BatchTally(stopped="wait")
SILENCE = BatchTally(stopped="silence")


@dataclass
class World:
    """Scripts and records.

    Attributes:
        history: targets in the window, all of which the conditions admit, every one unjudged.
        page_size: targets that the stream looks at for a page.
        tallies: what batches report, in the order of their starts; then: everything passed.
        page_faults: what claiming meets, in order: an error, a page, or a function that is awaited first.
    """

    history: int = 1_000
    page_size: int = 2_000
    batch_size: int = 200
    tallies: list[BatchTally] = field(default_factory=list)
    page_faults: list[WorkError | ClaimedPage | Callable[[], Any]] = field(default_factory=list)
    count_faults: list[WorkError] = field(default_factory=list)
    running: set[BatchRef] = field(default_factory=set)
    pages: list[ClaimPageInput] = field(default_factory=list)
    batches: list[EvaluationBatchInput] = field(default_factory=list)
    questions: list[BatchesQuestion] = field(default_factory=list)
    answered: dict[str, ClaimedPage] = field(default_factory=dict)
    claimed: int = 0

    @activity.defn(name="count-history")
    async def count_history(self, window: CountHistoryInput) -> int:
        if self.count_faults:
            raise self.count_faults.pop(0)
        return self.history

    @activity.defn(name="claim-backfill-page")
    async def claim_page(self, page: ClaimPageInput) -> ClaimedPage:
        self.pages.append(page)
        if self.page_faults:
            fault = self.page_faults.pop(0)
            if isinstance(fault, WorkError):
                raise fault
            if isinstance(fault, ClaimedPage):
                return fault
            await fault()
        assert page.dispatch_id not in self.answered, "the page has been claimed"
        return self._claim(page)

    def _claim(self, page: ClaimPageInput) -> ClaimedPage:
        taken = min(page.limit, self.page_size, self.history - self.claimed)
        sizes = [min(self.batch_size, taken - start) for start in range(0, taken, self.batch_size)]
        self.claimed += taken
        left = self.history - self.claimed
        answer = ClaimedPage(
            batches=tuple(a_batch(page, number, size) for number, size in enumerate(sizes)),
            seen=taken,
            before=(UNTIL - timedelta(seconds=self.claimed), UUID(int=0)) if left else None,
        )
        self.answered[page.dispatch_id] = answer
        return answer

    @activity.defn(name="batches-not-running")
    async def batches_not_running(self, question: BatchesQuestion) -> BatchesAnswer:
        self.questions.append(question)
        return BatchesAnswer(not_running=tuple(it for it in question.batches if it not in self.running))

    @activity.defn(name="next-tally")
    async def next_tally(self, given: EvaluationBatchInput) -> BatchTally:
        self.batches.append(given)
        return self.tallies.pop(0) if self.tallies else a_tally(given.batch.size)

    @asynccontextmanager
    async def workers(self, client: Client) -> AsyncIterator[None]:
        async with Worker(
            client,
            task_queue=TaskQueue.MAIN,
            workflows=[EvaluationBackfill, ScriptedBatch],
            activities=[self.count_history, self.claim_page, self.batches_not_running, self.next_tally],
        ):
            yield


def a_batch(page: ClaimPageInput, number: int, size: int) -> ClaimedBatch:
    ref = BatchRef(
        project_id=page.project_id,
        evaluation_id=page.evaluation_id,
        dispatch_id=page.dispatch_id,
        number=number,
    )
    return ClaimedBatch(
        ref=ref, evaluation_name="Helpfulness", evaluation_type=EvaluationType.LLM_JUDGE, size=size
    )


async def start(
    client: Client, backfill: EvaluationBackfillInput | None = None
) -> WorkflowHandle[EvaluationBackfill, BackfillProgress]:
    backfill = backfill or a_backfill()
    return await client.start_workflow(
        EvaluationBackfill.run,
        backfill,
        id=evaluation_backfill_id(backfill.backfill_id),
        task_queue=TaskQueue.MAIN,
        search_attributes=pairs(
            (PROJECT, str(backfill.project_id)),
            (EVALUATION, str(backfill.evaluation_id)),
            (TRIGGER, "backfill"),
        ),
    )
