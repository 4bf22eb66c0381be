"""`/evaluation_runs/`: judge one event now, with a durable workflow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from api_shim.consent import require_ai_consent
from api_shim.errors import ERROR
from api_shim.operations import Call, Operation, Resource
from api_shim.schemas.evaluation_runs import EvaluationRunRequest, EvaluationRunResponse
from assay.contracts.evaluations import Evaluation, EvaluationType, RunEvaluationInput
from assay.contracts.events import Event, EventRef, utc_day
from assay.domain.run_details import run_facts, run_summary
from assay.errors import NotFound, ServiceUnavailable
from assay.temporal.ids import evaluation_run_id, manual_trigger
from assay.temporal.priorities import Rank, fair
from assay.temporal.queues import TaskQueue
from assay.temporal.search_attributes import EVALUATION, PROJECT, TRIGGER, pairs
from workflows.evaluations import RunEvaluation

_START_TIMEOUT = timedelta(seconds=5)
"""How long the caller waits for Temporal, retries of the client included."""


async def create_evaluation_run(call: Call[EvaluationRunRequest, None]) -> EvaluationRunResponse:
    """Create an evaluation run.

    Starts a Temporal workflow that judges the event, with a model or a Hog program, and stores the verdict as
    an `$ai_evaluation` event.
    Each call is a new run with a verdict of its own.
    """
    form = await call.body()
    evaluation = await _find_evaluation(call, form)
    if evaluation.evaluation_type is EvaluationType.LLM_JUDGE:
        await require_ai_consent(call)
    await _find_target(call, form)
    requested_at = datetime.now(UTC)
    run = RunEvaluationInput(
        project_id=call.project.id,
        evaluation_id=evaluation.id,
        evaluation_name=evaluation.name,
        evaluation_type=evaluation.evaluation_type,
        target=_reference(call.project.id, form),
        trigger=manual_trigger(requested_at),
        requested_at=requested_at,
    )
    workflow_id = await _start(call.deps.temporal, run)
    return EvaluationRunResponse.of(workflow_id, evaluation, form.target_event_id)


async def _find_evaluation(call: Call[EvaluationRunRequest, None], form: EvaluationRunRequest) -> Evaluation:
    evaluation = await call.deps.registry.evaluations.get(call.project.id, form.evaluation_id)
    if evaluation is None:
        raise NotFound(f"Evaluation {form.evaluation_id} not found.")
    return evaluation


async def _find_target(call: Call[EvaluationRunRequest, None], form: EvaluationRunRequest) -> Event:
    event = await asyncio.to_thread(
        call.deps.events.find_event, _reference(call.project.id, form), distinct_id=form.distinct_id
    )
    if event is None:
        raise NotFound(
            f"Event {form.target_event_id} ({form.event}) not found on {utc_day(form.timestamp)} UTC."
        )
    return event


def _reference(project_id: int, form: EvaluationRunRequest) -> EventRef:
    return EventRef(
        project_id=project_id, event=form.event, uuid=form.target_event_id, day=utc_day(form.timestamp)
    )


async def _start(temporal: Client, run: RunEvaluationInput) -> str:
    workflow_id = evaluation_run_id(run.evaluation_type, run.evaluation_id, run.target.uuid, run.trigger)
    try:
        await temporal.start_workflow(
            RunEvaluation.run,
            run,
            id=workflow_id,
            task_queue=TaskQueue.MAIN,
            # Two requests within a millisecond are one run.
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            priority=fair(Rank.MANUAL, run.project_id),
            search_attributes=pairs(
                (PROJECT, str(run.project_id)), (EVALUATION, str(run.evaluation_id)), (TRIGGER, "manual")
            ),
            static_summary=run_summary(run),
            static_details=run_facts(run),
            rpc_timeout=_START_TIMEOUT,
        )
    except RPCError as error:
        raise ServiceUnavailable("Temporal did not take the run; send the request again.") from error
    return workflow_id


RESOURCE = Resource(
    path="evaluation_runs",
    scope="evaluation",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            create_evaluation_run,
            body=EvaluationRunRequest,
            response=EvaluationRunResponse,
            errors=ERROR,
            also={404: "There is no such evaluation or event.", 503: "Temporal cannot be reached."},
        ),
    ),
)
