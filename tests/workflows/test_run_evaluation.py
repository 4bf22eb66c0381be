"""`run-evaluation` against the time-skipping server, its activities scripted."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from assay.contracts.evaluations import Judgement, RunEvaluationInput, RunEvaluationResult, StatusReason
from assay.errors import (
    HogDefect,
    HogUnavailable,
    ModelNotFound,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
    WorkError,
)
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import HOG_RUN
from tests.workflows.scripted_activities import (
    ScriptedActivities,
    a_hog_judgement,
    a_hog_run,
    a_judgement,
    a_run,
)
from workflows.evaluations import RunEvaluation


async def _run(
    skipping: WorkflowEnvironment, activities: ScriptedActivities, run: RunEvaluationInput | None = None
) -> RunEvaluationResult:
    return await (await _start(skipping, activities, run)).result()


async def _start(
    skipping: WorkflowEnvironment, activities: ScriptedActivities, run: RunEvaluationInput | None = None
) -> WorkflowHandle[RunEvaluation, RunEvaluationResult]:
    """Run to the end (successful or not) under workers that live just as long."""
    client = skipping.client
    async with (
        Worker(client, task_queue=TaskQueue.MAIN, workflows=[RunEvaluation], activities=activities.all),
        Worker(client, task_queue=TaskQueue.LLM, activities=activities.all),
        Worker(client, task_queue=TaskQueue.COMPUTE, activities=activities.all),
    ):
        handle = await client.start_workflow(
            RunEvaluation.run, run or a_run(), id=f"run-{uuid4()}", task_queue=TaskQueue.MAIN
        )
        with contextlib.suppress(WorkflowFailureError):
            await handle.result()
    return handle


async def test_a_verdict_is_recorded_and_returned(skipping: WorkflowEnvironment) -> None:
    judgement = a_judgement()
    activities = ScriptedActivities(judgement)

    result = await _run(skipping, activities)

    assert [record.judgement for record in activities.recorded] == [judgement]
    assert (result.verdict, result.skipped, result.reasoning) == (True, False, "It answers the question.")
    assert result.verdict_event_id == judgement.verdict_event_id
    assert activities.failed == []


async def test_a_verdict_from_the_ledger_is_not_written_again(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedActivities(a_judgement(verdict=False, already_recorded=True))

    result = await _run(skipping, activities)

    assert result.verdict is False
    assert activities.recorded == []


async def test_a_skip_is_recorded_with_its_reason(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedActivities(a_judgement(verdict=None, skip_reason="unparsable_response"))

    result = await _run(skipping, activities)

    assert (result.skipped, result.skip_reason, result.verdict) == (True, "unparsable_response", None)
    assert len(activities.recorded) == 1


async def test_an_evaluation_that_cannot_go_on_is_stopped_and_records_no_verdict(
    skipping: WorkflowEnvironment,
) -> None:
    reason = StatusReason.TRIAL_LIMIT_REACHED
    activities = ScriptedActivities(
        a_judgement(verdict=None, skip_reason=reason.value, disable_reason=reason)
    )
    run = a_run()

    result = await _run(skipping, activities, run)

    # Who switches it on after asking for the run knows more than the run does.
    [failed] = activities.failed
    assert (failed.reason, failed.version, failed.active_since) == (reason, 3, run.requested_at)
    assert activities.recorded == []
    assert (result.skipped, result.verdict_event_id) == (True, None)


async def test_a_429_is_retried_when_the_provider_said(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedActivities(RateLimited("slow down", retry_after=40), a_judgement())

    result = await _run(skipping, activities)

    assert result.verdict is True
    first, second = activities.judged_at
    assert second - first >= timedelta(seconds=40)


async def test_an_outage_of_the_store_never_costs_a_second_model_call(
    skipping: WorkflowEnvironment,
) -> None:
    outage = tuple(StoreUnavailable("ClickHouse does not answer") for _ in range(50))
    activities = ScriptedActivities(a_judgement(), record=outage)

    result = await _run(skipping, activities)

    assert result.verdict is True
    assert len(activities.judged_at) == 1
    assert len(activities.recorded) == 1


@pytest.mark.parametrize(
    ("error", "calls"), [(ModelNotFound("no such model: x"), 1), (ProviderUnavailable("502"), 8)]
)
async def test_a_judge_that_cannot_be_asked_fails_the_run_with_its_code(
    skipping: WorkflowEnvironment, error: ModelNotFound | ProviderUnavailable, calls: int
) -> None:
    activities = ScriptedActivities(error)

    with pytest.raises(WorkflowFailureError) as failure:
        await _run(skipping, activities)

    cause = failure.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.message) == (error.code, error.detail)
    assert len(activities.judged_at) == calls
    assert activities.recorded == []


async def test_a_hog_program_runs_on_the_queue_for_computing(skipping: WorkflowEnvironment) -> None:
    judgement = a_hog_judgement()
    activities = ScriptedActivities(judgement)

    result = await _run(skipping, activities, a_hog_run())

    assert activities.judged_on == ["assay-compute"]
    assert activities.hog_timeouts == [HOG_RUN.attempt]
    assert [record.judgement for record in activities.recorded] == [judgement]
    assert (result.evaluation_type, result.verdict, result.skipped) == ("hog", True, False)
    assert (result.reasoning, result.model) == ("length 31\nok", None)
    assert result.verdict_event_id == judgement.verdict_event_id


async def test_a_hog_program_at_fault_stops_the_evaluation_and_emits_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    reason = StatusReason.HOG_ERROR
    error = "Runtime error: line 1, column 8: there is no variable, global or function nowhere."
    activities = ScriptedActivities(
        a_hog_judgement(verdict=None, skip_reason=reason.value, disable_reason=reason, reasoning=error)
    )

    handle = await _start(skipping, activities, a_hog_run())
    result = await handle.result()

    assert [(failed.reason, failed.version) for failed in activities.failed] == [(reason, 3)]
    assert activities.recorded == []
    assert (result.skipped, result.skip_reason, result.verdict) == (True, "hog_error", None)
    assert (result.reasoning, result.verdict_event_id) == (error, None)


async def test_an_event_that_a_hog_program_cannot_take_is_recorded_as_skipped(
    skipping: WorkflowEnvironment,
) -> None:
    activities = ScriptedActivities(a_hog_judgement(verdict=None, skip_reason="hog_input_error"))

    result = await _run(skipping, activities, a_hog_run())

    assert (result.skipped, result.skip_reason) == (True, "hog_input_error")
    assert (len(activities.recorded), activities.failed) == (1, [])


@pytest.mark.parametrize(
    ("outcomes", "attempts"),
    [
        ((HogUnavailable("no process"), StoreUnavailable("away"), a_hog_judgement()), 3),
        ((a_hog_judgement(verdict=None, skip_reason="hog_input_error"),), 1),
    ],
    ids=["away", "an outcome"],
)
async def test_only_what_is_away_is_tried_again(
    skipping: WorkflowEnvironment, outcomes: tuple[Judgement | WorkError, ...], attempts: int
) -> None:
    activities = ScriptedActivities(*outcomes)

    await _run(skipping, activities, a_hog_run())

    assert len(activities.judged_at) == attempts
    assert len(activities.recorded) == 1


async def test_a_defect_of_ours_fails_the_run_at_once(skipping: WorkflowEnvironment) -> None:
    activities = ScriptedActivities(HogDefect("KeyError in machine"))

    with pytest.raises(WorkflowFailureError) as failure:
        await _run(skipping, activities, a_hog_run())

    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.type == "hog_defect"
    assert len(activities.judged_at) == 1
    assert activities.recorded == []
