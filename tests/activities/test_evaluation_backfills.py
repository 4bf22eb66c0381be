"""Activities of `evaluation-backfill` against a real Temporal server; the stream and batches are scripted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.batch_runs import BatchRuns
from activities.evaluation_backfills import BackfillActivities
from activities.streams import Streams
from assay.contracts.evaluation_backfills import BatchesQuestion, CountHistoryInput
from assay.contracts.evaluation_batches import (
    BatchRef,
    ClaimedPage,
    ClaimPageInput,
    EvaluationStreamInput,
    Origin,
)
from assay.temporal.ids import evaluation_batch_id, evaluation_stream_id
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import PROJECT
from tests.harness.temporal import dev_server

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)


@workflow.defn(name="evaluation-stream", sandboxed=False)
class ScriptedStream:
    """Answers pages by their number; the first question for page 13 fails."""

    def __init__(self) -> None:
        self._asked: list[str] = []

    @workflow.run
    async def run(self, given: EvaluationStreamInput) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def claim_page(self, page: ClaimPageInput) -> ClaimedPage:
        info = workflow.current_update_info()
        assert info is not None
        self._asked.append(info.id)
        if page.dispatch_id.endswith("-13") and len(self._asked) == 1:
            raise ApplicationError("a defect", type="store_rejected", non_retryable=True)
        return ClaimedPage(seen=len(self._asked))

    @workflow.query
    def asked(self) -> list[str]:
        return self._asked


@workflow.defn(name="evaluation-batch", sandboxed=False)
class ScriptedBatch:
    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


class CountingTargets:
    """An event store that is only counted."""

    def count_history(self, project_id: int, *, since: datetime, until: datetime) -> int:
        assert (project_id, since, until) == (7, SINCE, UNTIL)
        return 12_345


@pytest.fixture(scope="module")
async def temporal() -> AsyncIterator[Client]:
    async with (
        dev_server() as client,
        Worker(client, task_queue=TaskQueue.MAIN, workflows=[ScriptedStream, ScriptedBatch]),
    ):
        yield client


def activities(client: Any) -> BackfillActivities:
    targets: Any = CountingTargets()
    return BackfillActivities(targets=targets, streams=Streams(client), runs=BatchRuns(client))


def a_page(project_id: int, number: int) -> ClaimPageInput:
    return ClaimPageInput(
        project_id=project_id,
        evaluation_id=uuid4(),
        dispatch_id=f"backfill-{uuid4()}-{number}",
        origin=Origin.BACKFILL,
        since=SINCE,
        until=UNTIL,
    )


async def asked(client: Client, project_id: int) -> Sequence[str]:
    handle = client.get_workflow_handle(evaluation_stream_id(project_id))
    return await handle.query("asked", result_type=list[str])


async def claim(client: Client, page: ClaimPageInput, attempt: int = 1) -> ClaimedPage:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    return await environment.run(activities(client).claim_page, page)


async def test_the_window_is_counted() -> None:
    window = CountHistoryInput(project_id=7, since=SINCE, until=UNTIL)
    assert await ActivityEnvironment().run(activities(None).count_history, window) == 12_345


async def test_the_stream_is_started_and_claims(temporal: Client) -> None:
    first, second = a_page(1, 0), a_page(1, 1)
    assert (await claim(temporal, first)).seen == 1
    assert (await claim(temporal, second)).seen == 2
    assert await asked(temporal, 1) == [first.dispatch_id, second.dispatch_id]
    described = await temporal.get_workflow_handle(evaluation_stream_id(1)).describe()
    assert described.typed_search_attributes[PROJECT] == "1"
    priority = described.raw_description.workflow_execution_info.priority
    assert (priority.priority_key, priority.fairness_key) == (2, "1")


async def test_a_page_that_is_asked_for_again_is_claimed_once(temporal: Client) -> None:
    page = a_page(2, 0)
    answers = [await claim(temporal, page, attempt) for attempt in (1, 2, 3)]
    assert answers == [ClaimedPage(seen=1)] * 3
    assert await asked(temporal, 2) == [page.dispatch_id]


async def test_a_question_that_failed_is_put_anew(temporal: Client) -> None:
    page = a_page(3, 13)
    with pytest.raises(WorkflowUpdateFailedError):
        await claim(temporal, page)
    assert (await claim(temporal, page, attempt=2)).seen == 2
    assert await asked(temporal, 3) == [page.dispatch_id, f"{page.dispatch_id}-attempt-2"]


async def test_which_batches_are_not_running(temporal: Client) -> None:
    running, ended, unknown = (
        BatchRef(project_id=1, evaluation_id=uuid4(), dispatch_id="backfill-0", number=number)
        for number in range(3)
    )
    for ref in (running, ended):
        await temporal.start_workflow(
            ScriptedBatch.run, id=evaluation_batch_id(ref), task_queue=TaskQueue.MAIN
        )
    await temporal.get_workflow_handle(evaluation_batch_id(ended)).terminate()

    question = BatchesQuestion(batches=(running, ended, unknown))
    answer = await ActivityEnvironment().run(activities(temporal).batches_not_running, question)

    assert answer.not_running == (ended, unknown)
