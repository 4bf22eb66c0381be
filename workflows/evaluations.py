"""`run-evaluation`: one evaluation judges one event, on request.

Id: `llma-llm-eval-{evaluation}-{event}-manual-{epoch ms}`, `llma-hog-eval-…` for Hog; each millisecond is a
new run.
Messages: none. Timers: none.
Failure: a judge that cannot be asked is retried within its budget (a provider's Retry-After sets the
pace) and then fails the run with the error's code; so is a Hog program that finds no process. A program
that fails is an answer. A reached verdict waits for the store to come back. An evaluation that cannot go
on as configured is put into `error`, unless it was repaired or switched on since the run was asked for; the
run then ends as skipped.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from activities.evaluations import EvaluationActivities
from activities.hog_evaluations import HogEvaluationActivities
from assay.contracts.evaluations import (
    EvaluationType,
    FailEvaluationInput,
    Judgement,
    RecordVerdictInput,
    RunEvaluationInput,
    RunEvaluationResult,
    StatusReason,
)
from assay.domain.run_details import failure_details, judge_summary, outcome_details, waiting_details
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import HOG_RUN, MODEL_CALL, STORE
from assay.temporal.search_attributes import OUTCOME


@workflow.defn(name="run-evaluation")
class RunEvaluation:
    """Judge a target, record the verdict, show both."""

    @workflow.run
    async def run(self, run: RunEvaluationInput) -> RunEvaluationResult:
        """Run one evaluation on one event.

        Raises:
            ApplicationError: with a code of `assay.errors` as its type, when no judgement could be reached.
        """
        workflow.set_current_details(waiting_details(run))
        try:
            judgement = await self._judgement(run)
            await self._commit(run, judgement)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            code, message = failure_code(error), failure_message(error)
            _show("failed", failure_details(code, message))
            raise ApplicationError(message, type=code, non_retryable=True) from error
        _show(judgement.outcome, outcome_details(judgement))
        return _result(run, judgement)

    async def _judgement(self, run: RunEvaluationInput) -> Judgement:
        if run.evaluation_type is EvaluationType.HOG:
            return await workflow.execute_activity_method(
                HogEvaluationActivities.evaluate,
                run,
                task_queue=TaskQueue.COMPUTE,
                summary=judge_summary(run),
                **HOG_RUN.options,
            )
        return await workflow.execute_activity_method(
            EvaluationActivities.judge,
            run,
            task_queue=TaskQueue.LLM,
            summary=judge_summary(run),
            **MODEL_CALL.options,
        )

    async def _commit(self, run: RunEvaluationInput, judgement: Judgement) -> None:
        """The verdict is the commit point: what follows a written verdict may not fail the run."""
        if judgement.disable_reason is not None:
            await self._fail_evaluation(run, judgement.disable_reason, judgement.evaluation_version)
        elif not judgement.already_recorded:
            await workflow.execute_activity_method(
                EvaluationActivities.record_verdict,
                RecordVerdictInput(run=run, judgement=judgement),
                summary=f"Record {judgement.outcome}: {judgement.verdict_event_id}",
                **STORE.options,
            )

    async def _fail_evaluation(self, run: RunEvaluationInput, reason: StatusReason, version: int) -> None:
        await workflow.execute_activity_method(
            EvaluationActivities.fail_evaluation,
            FailEvaluationInput(
                project_id=run.project_id,
                evaluation_id=run.evaluation_id,
                reason=reason,
                version=version,
                active_since=run.requested_at,
            ),
            summary=f"Stop the evaluation: {reason}",
            **STORE.options,
        )


def _show(outcome: str, details: str) -> None:
    workflow.set_current_details(details)
    workflow.upsert_search_attributes([OUTCOME.value_set(outcome)])


def _result(run: RunEvaluationInput, judgement: Judgement) -> RunEvaluationResult:
    return RunEvaluationResult(
        evaluation_id=run.evaluation_id,
        evaluation_type=run.evaluation_type,
        skipped=judgement.skip_reason is not None,
        skip_reason=judgement.skip_reason,
        verdict=judgement.verdict,
        applicable=judgement.applicable,
        reasoning=judgement.reasoning,
        verdict_event_id=None if judgement.disable_reason else judgement.verdict_event_id,
        model=judgement.model,
        input_tokens=judgement.input_tokens,
        output_tokens=judgement.output_tokens,
        cost_usd=judgement.cost_usd,
    )
