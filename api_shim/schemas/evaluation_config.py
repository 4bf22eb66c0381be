"""Bodies of the evaluation settings of a project."""

from __future__ import annotations

from api_shim.schemas.provider_keys import ProviderKeyResponse
from assay.contracts.evaluation_config import EvaluationConfig
from assay.contracts.wire import RequestModel, ResponseModel, Timestamp, Uuid


class EvaluationConfigResponse(ResponseModel):
    """The evaluation settings of a project."""

    trial_eval_limit: int
    """Evaluations that a project may run on the operator's own model key."""
    trial_evals_used: int
    """How many of them it has run."""
    trial_evals_remaining: int
    """How many of them are left."""
    active_provider_key: ProviderKeyResponse | None
    """What evaluations without a key of their own judge with, if it is for their provider; null for the
    operator's key."""
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, config: EvaluationConfig, *, limit: int, used: int) -> EvaluationConfigResponse:
        """The representation of `config` and of the state of the trial."""
        active = config.active_provider_key
        return cls(
            trial_eval_limit=limit,
            trial_evals_used=used,
            trial_evals_remaining=max(0, limit - used),
            active_provider_key=None if active is None else ProviderKeyResponse.of(active),
            created_at=config.created_at,
            updated_at=config.updated_at,
        )


class SetActiveKeyRequest(RequestModel):
    """The key to judge with."""

    key_id: Uuid
    """A key of the project; its state must be `ok`."""
