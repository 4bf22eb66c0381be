"""Bodies and query parameters of evaluations."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, FailFast, Field, ValidationInfo, WithJsonSchema
from pydantic.config import JsonDict

from api_shim.filters import BooleanFilter, IdFilter, OrderBy, SearchFilter
from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from api_shim.schemas.condition_sets import MAX_PROPERTIES, MAX_SETS, ConditionSets
from assay.contracts.evaluations import (
    Evaluation,
    EvaluationStatus,
    EvaluationType,
    ModelConfiguration,
    OutputType,
    Provider,
    StatusReason,
)
from assay.contracts.wire import (
    Boolean,
    Choice,
    Items,
    JsonObject,
    JsonValue,
    Number,
    RequestModel,
    ResponseModel,
    Text,
    Timestamp,
    Uuid,
    refusal,
)
from assay.domain.model_names import MAX_MODEL_NAME_CHARS, MODEL_NAME_PATTERN, model_name_problem

_EXAMPLE: JsonDict = {
    "name": "Answer is polite",
    "description": "Rude answers fail.",
    "enabled": True,
    "evaluation_type": "llm_judge",
    "evaluation_config": {"prompt": "Is the answer polite?"},
    "output_type": "boolean",
    "output_config": {"allows_na": False},
    "conditions": [
        {
            "id": "production",
            "rollout_percentage": 100,
            "properties": [{"key": "env", "value": "production", "operator": "exact", "type": "event"}],
        }
    ],
    "model_configuration": {"provider": "openai", "model": "gpt-5-mini"},
}


_CONFIG: JsonDict = {
    "type": "object",
    "anyOf": [
        {"title": "llm_judge", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}},
        {"title": "hog", "required": ["source"], "properties": {"source": {"type": "string"}}},
    ],
}
_OUTPUT_CONFIG: JsonDict = {
    "type": "object",
    "properties": {
        "allows_na": {
            "type": "boolean",
            "default": False,
            "description": 'Whether "not applicable" is a possible verdict.',
        }
    },
}


class EvaluationFilters(RequestModel):
    """Which evaluations are seen."""

    enabled: BooleanFilter = None
    """Only enabled or only disabled ones."""
    id__in: IdFilter = None
    """Only these ids."""
    search: SearchFilter = ""
    """A piece of the name or description, in any case."""

    def admit(self, evaluation: Evaluation) -> bool:
        """Whether one evaluation passes the filters."""
        text = self.search.casefold()
        return (
            self.enabled in (None, evaluation.enabled)
            and (self.id__in is None or evaluation.id in self.id__in)
            and (text in evaluation.name.casefold() or text in evaluation.description.casefold())
        )


class EvaluationListQuery(EvaluationFilters, PageQuery):
    """Filters, order and page of the list of evaluations."""

    order_by: Annotated[tuple[str, ...], OrderBy(("created_at", "updated_at", "name"))] = ()
    """Order; newest first if empty."""


class ConditionRequest(RequestModel):
    """A set of filters that must all hold; an event is evaluated if any set admits it."""

    model_config = ConfigDict(extra="allow")

    id: Annotated[str, Text(max_length=100)]
    """Name of the set, chosen by the client."""
    rollout_percentage: Annotated[float, Number(0, 100)] = 100
    """Share of the admitted events that is evaluated."""
    # To the first bad one: telling of a hundred thousand takes seconds.
    properties: Annotated[list[JsonObject], FailFast(), Items(max_items=MAX_PROPERTIES)] = Field(
        default_factory=list
    )
    """Property filters."""


def _require_model_name(name: str, info: ValidationInfo) -> str:
    problem = model_name_problem(name, info.data.get("provider"))
    if problem is not None:
        raise refusal("invalid_input", "{problem}", problem=problem)
    return name


class ModelConfigurationRequest(RequestModel):
    """The model that judges."""

    provider: Annotated[Provider, Choice()]
    """Who serves the model."""
    model: Annotated[
        str,
        Text(max_length=MAX_MODEL_NAME_CHARS),
        AfterValidator(_require_model_name),
        Field(json_schema_extra={"pattern": MODEL_NAME_PATTERN}),
    ]
    """Name of the model, as its provider knows it; with Azure OpenAI, of the deployment."""
    provider_key_id: Uuid | None = None
    """The project's own key for the provider; null for the operator's."""


class EvaluationRequest(RequestModel):
    """An evaluation, as clients write it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[str, Text(max_length=400)]
    """Name; need not be unique."""
    description: Annotated[str, Text(blank=True)] = ""
    """What is evaluated."""
    enabled: Boolean = False
    """Whether new events are evaluated."""
    evaluation_type: Annotated[EvaluationType, Choice()]
    """How a verdict is reached."""
    evaluation_config: Annotated[JsonValue, WithJsonSchema(_CONFIG)] = Field(default_factory=dict)
    """What is needed to reach a verdict: a prompt for `llm_judge`, source code for `hog`."""
    output_type: Annotated[OutputType, Choice()]
    """What a verdict looks like."""
    output_config: Annotated[JsonValue, WithJsonSchema(_OUTPUT_CONFIG)] = Field(default_factory=dict)
    """Which verdicts are possible."""
    conditions: Annotated[list[ConditionRequest], ConditionSets(max_items=MAX_SETS)] = Field(
        default_factory=list
    )
    """Which new events are evaluated; none if empty."""
    model_configuration: ModelConfigurationRequest | None = None
    """The model that judges; null leaves the choice to the engine (in a change: leaves it as it is)."""
    deleted: Boolean = False
    """Whether the evaluation is hidden; can be undone."""


class ModelConfigurationResponse(ResponseModel):
    """The model that judges."""

    provider: Provider
    model: str
    provider_key_id: UUID | None
    provider_key_name: str | None

    @classmethod
    def of(cls, configuration: ModelConfiguration | None) -> ModelConfigurationResponse | None:
        """The representation; None if the engine chooses the model."""
        return None if configuration is None else cls(**configuration.model_dump())


class EvaluationSummary(ResponseModel):
    """The short form of an evaluation, for clients with little room."""

    id: UUID
    name: str
    description: str
    enabled: bool
    status: EvaluationStatus
    status_reason: StatusReason | None
    evaluation_type: EvaluationType
    output_type: OutputType
    created_at: Timestamp
    updated_at: Timestamp

    @classmethod
    def of(cls, evaluation: Evaluation) -> EvaluationSummary:
        """The representation of `evaluation`."""
        return cls(**{name: getattr(evaluation, name) for name in cls.model_fields})


class EvaluationResponse(ResponseModel):
    """An evaluation."""

    id: UUID
    name: str
    description: str
    enabled: bool
    """Whether new events are evaluated: true exactly when the status is `active`."""
    status: EvaluationStatus
    status_reason: StatusReason | None
    """Why the status is `error`."""
    evaluation_type: EvaluationType
    evaluation_config: dict[str, Any]
    output_type: OutputType
    output_config: dict[str, Any]
    conditions: tuple[dict[str, Any], ...]
    """Sets, each with `bytecode`, its filters compiled, or `bytecode_error`, why there is none."""
    model_configuration: ModelConfigurationResponse | None
    created_at: Timestamp
    updated_at: Timestamp
    created_by: UserBasic | None
    deleted: bool

    @classmethod
    def of(cls, evaluation: Evaluation) -> EvaluationResponse:
        """The representation of `evaluation`."""
        plain = {name: getattr(evaluation, name) for name in cls.model_fields}
        plain |= {
            "model_configuration": ModelConfigurationResponse.of(evaluation.model_configuration),
            "created_by": UserBasic.of(evaluation.created_by),
        }
        return cls(**plain)
