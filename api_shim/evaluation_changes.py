"""From what a client sends to what is stored of an evaluation."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from api_shim.hog_programs import SavedProgram, with_program
from api_shim.partial import sent_fields
from api_shim.schemas.evaluations import EvaluationRequest, ModelConfigurationRequest
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationSpec,
    EvaluationType,
    ModelConfiguration,
    Provider,
    StatusReason,
)
from assay.domain.conditions import are_compiled, compile_conditions
from assay.domain.evaluation_config import normalized_configs
from assay.domain.judging import TRIAL_MODELS, is_trial_model
from assay.errors import FieldError

Conditions = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class SavedConditions:
    """Conditions, each with what it compiles to.

    Attributes:
        renewed: the stored ones that they were compiled from; None if they were sent.
    """

    compiled: Conditions
    renewed: Conditions | None = None

    def instead_of(self, stored: Conditions) -> Conditions:
        """What is to be stored: what was sent, or what is stored, renewed unless somebody has changed it."""
        return self.compiled if self.renewed in (None, stored) else stored


async def compiled_conditions(form: EvaluationRequest) -> Conditions:
    """The conditions that were sent, each with what it compiles to; none if none were.

    In a thread, and before anything is locked: regular expressions may take long.
    """
    sent = [condition.model_dump() for condition in form.conditions or ()]
    return tuple(await asyncio.to_thread(compile_conditions, sent))


async def saved_conditions(form: EvaluationRequest, current: Evaluation) -> SavedConditions:
    """The conditions of a change: those that were sent, else the stored ones.

    The latter are compiled anew if an older version of the engine stored them.
    """
    if "conditions" in form.model_fields_set:
        return SavedConditions(await compiled_conditions(form))
    stored = current.conditions
    if are_compiled(stored):
        return SavedConditions(stored, renewed=stored)
    return SavedConditions(tuple(await asyncio.to_thread(compile_conditions, stored)), renewed=stored)


def new_spec(form: EvaluationRequest, *, conditions: Conditions) -> EvaluationSpec:
    """What a new evaluation stores.

    Args:
        conditions: those of the form, compiled.

    Raises:
        FieldError: the configurations do not fit the types.
    """
    fields = {name: getattr(form, name) for name in EvaluationSpec.model_fields}
    return _normalized(fields | {"conditions": conditions})


def changed_spec(
    current: Evaluation,
    form: EvaluationRequest,
    *,
    conditions: SavedConditions,
    trial_used_up: bool,
    active_provider: Provider | None = None,
    program: SavedProgram | None = None,
) -> EvaluationSpec:
    """What an evaluation stores after a change; the rules judge the merged result.

    Others wait for the row meanwhile: what takes time was done before.

    Args:
        current: the evaluation as it is stored.
        form: the change; fields that were not sent stay. So does the model when null is sent for it.
        conditions: what was compiled for this change.
        trial_used_up: whether the project has no evaluations on the operator's model key left.
        active_provider: of the project's active key, on which models of that provider are asked.
        program: what was compiled for this change, if anything was.

    Raises:
        FieldError: the configurations do not fit the types, or it may not be enabled again.
    """
    fields: dict[str, Any] = {name: getattr(current, name) for name in EvaluationSpec.model_fields}
    fields |= sent_fields(form)
    fields["conditions"] = conditions.instead_of(current.conditions)
    if fields["model_configuration"] is None:
        fields["model_configuration"] = current.model_configuration
    changed = with_program(_normalized(fields), program, stored=current)
    if changed.enabled and not current.enabled:
        on_trial = trial_used_up and not _is_served(changed.model_configuration, active_provider)
        _require_usable_model(current, changed, trial_used_up=on_trial)
    return changed


def _normalized(fields: dict[str, Any]) -> EvaluationSpec:
    configs = normalized_configs(
        fields["evaluation_type"],
        fields["output_type"],
        fields["evaluation_config"],
        fields["output_config"],
    )
    fields |= configs._asdict()
    fields["model_configuration"] = _model_configuration(fields["model_configuration"])
    return EvaluationSpec(**fields)


def _model_configuration(
    configuration: ModelConfigurationRequest | ModelConfiguration | None,
) -> ModelConfiguration | None:
    """The configuration; whether the project has such a key is for the registry to say, under its lock."""
    if not isinstance(configuration, ModelConfigurationRequest):
        return configuration
    return ModelConfiguration(
        provider=configuration.provider,
        model=configuration.model,
        provider_key_id=configuration.provider_key_id,
    )


def _require_usable_model(current: Evaluation, changed: EvaluationSpec, *, trial_used_up: bool) -> None:
    """Refuse to switch on a judge that could not judge: an attached key answers every objection."""
    model = changed.model_configuration
    if changed.evaluation_type is EvaluationType.HOG or (model and model.provider_key_id):
        return
    match current.status_reason:
        case StatusReason.PROVIDER_KEY_DELETED:
            raise FieldError("Attach a provider key before enabling this evaluation again.", attr="enabled")
        case StatusReason.MODEL_NOT_ALLOWED if model and not _is_on_trial_list(model):
            raise FieldError("Choose another model or attach a provider key first.", attr="enabled")
        case None | StatusReason.TRIAL_LIMIT_REACHED if trial_used_up:
            raise FieldError(
                "This project has used up its evaluations on the operator's model key: "
                "attach a provider key (model_configuration.provider_key_id), or have the operator raise "
                "ASSAY_TRIAL_EVAL_LIMIT.",
                attr="enabled",
            )


def _is_served(model: ModelConfiguration | None, active_provider: Provider | None) -> bool:
    """Whether the project's active key is what the model is asked on."""
    return active_provider is not None and (model is None or model.provider is active_provider)


def _is_on_trial_list(model: ModelConfiguration) -> bool:
    return is_trial_model(model.provider, model.model, TRIAL_MODELS)
