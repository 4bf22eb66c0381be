"""`/llm_analytics/evaluation_config/`: what holds for all evaluations of a project."""

from __future__ import annotations

from typing import Any

from api_shim.errors import DETAIL
from api_shim.operations import Call, Operation, Resource
from api_shim.schemas.evaluation_config import EvaluationConfigResponse, SetActiveKeyRequest
from assay.contracts.evaluation_config import EvaluationConfig


async def show_config(call: Call[None, None]) -> EvaluationConfigResponse:
    """Show the evaluation settings.

    With the state of the trial: how many evaluations are left on the operator's own model key.
    """
    return await _shown(call, await call.deps.registry.evaluation_config.get(call.project.id))


async def set_active_key(call: Call[SetActiveKeyRequest, None]) -> EvaluationConfigResponse:
    """Set the active provider key.

    Evaluations that name no key of their own judge with it, if their model is one of its provider's.
    """
    form = await call.body()
    config = await call.deps.registry.evaluation_config.set_active_key(call.project.id, form.key_id)
    return await _shown(call, config)


async def _shown(call: Call[Any, Any], config: EvaluationConfig) -> EvaluationConfigResponse:
    used = await call.deps.registry.trial.used(call.project.id)
    return EvaluationConfigResponse.of(config, limit=call.deps.trial_eval_limit, used=used)


RESOURCE = Resource(
    path="llm_analytics/evaluation_config",
    scope="evaluation",
    operations=(
        Operation("retrieve", "GET", "", show_config, response=EvaluationConfigResponse),
        Operation(
            "set_active_key",
            "POST",
            "set_active_key",
            set_active_key,
            body=SetActiveKeyRequest,
            response=EvaluationConfigResponse,
            errors=DETAIL,
            also={400: "The key's state is not `ok`."},
        ),
    ),
)
