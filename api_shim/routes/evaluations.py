"""`/evaluations/`: what is evaluated, and how."""

from __future__ import annotations

from functools import partial
from typing import Any

from api_shim.bodies import MAX_CONFIGURATION_BYTES
from api_shim.evaluation_changes import changed_spec, compiled_conditions, new_spec, saved_conditions
from api_shim.hog_programs import program_of, renewed_program, with_program
from api_shim.object_operations import changes, creation, existing, list_of, retrieval
from api_shim.operations import Call, Resource, hard_delete_forbidden
from api_shim.pagination import Page, page_of
from api_shim.report_workflows import evaluation_decided
from api_shim.routes.hog_tests import TEST_HOG
from api_shim.schemas.evaluations import (
    EvaluationFilters,
    EvaluationListQuery,
    EvaluationRequest,
    EvaluationResponse,
    EvaluationSummary,
)
from assay.contracts.evaluations import Evaluation, EvaluationQuery, Provider
from assay.errors import NotFound


async def list_evaluations(
    call: Call[None, EvaluationListQuery],
) -> Page[EvaluationResponse] | Page[EvaluationSummary]:
    """List all evaluations.

    Deleted ones are left out. With the header `X-PostHog-Client: mcp` each comes in its short form.
    """
    filters = call.query
    query = EvaluationQuery(
        enabled=filters.enabled,
        ids=filters.id__in,
        search=filters.search,
        order_by=filters.order_by,
        limit=filters.limit,
        offset=filters.offset,
    )
    count, found = await call.deps.registry.evaluations.list(call.project.id, query)
    if call.request.headers.get("x-posthog-client") == "mcp":
        return page_of(call, count, [EvaluationSummary.of(evaluation) for evaluation in found])
    return page_of(call, count, [EvaluationResponse.of(evaluation) for evaluation in found])


async def create_evaluation(call: Call[EvaluationRequest, None]) -> EvaluationResponse:
    """Create an evaluation."""
    form = await call.body()
    spec = new_spec(form, conditions=await compiled_conditions(form))
    spec = with_program(spec, await program_of(call.deps.hog, spec, call.project.id))
    created = await call.deps.registry.evaluations.create(
        call.project.id, spec, created_by=call.principal.user.id
    )
    return EvaluationResponse.of(created)


async def retrieve_evaluation(call: Call[None, EvaluationFilters]) -> EvaluationResponse:
    """Retrieve an evaluation.

    One that the filters of the list would leave out is not found.
    """
    return EvaluationResponse.of(await _find(call, include_deleted=False))


async def change_evaluation(call: Call[EvaluationRequest, EvaluationFilters]) -> EvaluationResponse:
    """Change an evaluation.

    Fields that are not sent stay as they are. Deleted evaluations are found too, so that `deleted` can
    be set back to false.
    """
    current = await _find(call, include_deleted=True)
    form = await call.body()
    trial_used_up = bool(form.enabled) and await _is_trial_used_up(call)
    change = partial(
        changed_spec,
        form=form,
        conditions=await saved_conditions(form, current),
        trial_used_up=trial_used_up,
        active_provider=await _active_provider(call) if trial_used_up else None,
    )
    # Nobody waits for a compiler under the row's lock; what else is wrong is told before it is asked.
    compiling = program_of if "evaluation_config" in form.model_fields_set else renewed_program
    program = await compiling(call.deps.hog, change(current), call.project.id)
    changed = existing(
        await call.deps.registry.evaluations.update(
            call.project.id, call.id, partial(change, program=program)
        )
    )
    await evaluation_decided(call, current, changed)
    return EvaluationResponse.of(changed)


async def _find(call: Call[Any, EvaluationFilters], *, include_deleted: bool) -> Evaluation:
    evaluation = await call.deps.registry.evaluations.get(
        call.project.id, call.id, include_deleted=include_deleted
    )
    if evaluation is None or not call.query.admit(evaluation):
        raise NotFound("Not found.")
    return evaluation


async def _is_trial_used_up(call: Call[Any, Any]) -> bool:
    return await call.deps.registry.trial.used(call.project.id) >= call.deps.trial_eval_limit


async def _active_provider(call: Call[Any, Any]) -> Provider | None:
    """The provider of the project's active key, if it can be used now."""
    active = await call.deps.registry.evaluation_config.open_active_key(call.project.id)
    return None if active is None else active.key.provider


RESOURCE = Resource(
    path="evaluations",
    scope="evaluation",
    operations=(
        list_of(EvaluationResponse, list_evaluations, query=EvaluationListQuery),
        creation(
            EvaluationRequest,
            EvaluationResponse,
            create_evaluation,
            max_body_bytes=MAX_CONFIGURATION_BYTES,
        ),
        retrieval(EvaluationResponse, retrieve_evaluation, query=EvaluationFilters),
        *changes(
            EvaluationRequest,
            EvaluationResponse,
            change_evaluation,
            query=EvaluationFilters,
            max_body_bytes=MAX_CONFIGURATION_BYTES,
        ),
        hard_delete_forbidden(),
        TEST_HOG,
    ),
)
