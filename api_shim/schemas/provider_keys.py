"""Bodies and query parameters of provider keys."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from api_shim.partial import without_default
from api_shim.provider_choice import ProviderName
from api_shim.representations import UserBasic
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import (
    EvaluationBrief,
    KeyAssignment,
    KeyCheck,
    KeyDependents,
    KeyState,
    ProviderKey,
)
from assay.contracts.wire import (
    Boolean,
    Choice,
    Items,
    RequestModel,
    ResponseModel,
    Text,
    Timestamp,
    Uuid,
)

_EXAMPLE: JsonDict = {
    "provider": "openai",
    "name": "Production",
    "api_key": "sk-proj-…",
    "set_as_active": True,
}
_MAX_KEY = 2_000
"""No provider's keys come near it."""

_MAX_URL = 2_000
_MAX_ASSIGNED = 1_000

ApiKeyField = Annotated[
    str | None,
    Text(max_length=_MAX_KEY),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _MAX_KEY}),
    Field(json_schema_extra=without_default),
]
"""It can be left out, but not be null."""
EndpointField = Annotated[str, Text(max_length=_MAX_URL, blank=True)] | None
ApiVersionField = Annotated[str, Text(max_length=20, blank=True)] | None


class ProviderKeyRequest(RequestModel):
    """A project's own key for a model provider, as clients write it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]}, hide_input_in_errors=True)

    provider: Annotated[Provider, Choice()]
    """Who takes the key. It cannot be changed later."""
    name: Annotated[str, Text(max_length=255)]
    """What people call the key."""
    api_key: ApiKeyField = None
    """The key itself, never sent back."""
    azure_endpoint: EndpointField = None
    """Address of the Azure OpenAI resource; needed there, ignored for other providers. Another host, port or
    scheme needs `api_key` in the same request."""
    api_version: ApiVersionField = None
    """API version of Azure OpenAI."""
    set_as_active: Boolean = False
    """Whether a new key becomes the one that evaluations without a key of their own judge with."""


class NewProviderKeyRequest(ProviderKeyRequest):
    """A new key of a project for a model provider."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_EXAMPLE], "required": ["provider", "name", "api_key"]}
    )


class ProviderKeyResponse(ResponseModel):
    """A project's own key for a model provider."""

    id: UUID
    provider: Provider
    name: str
    state: KeyState
    """What the provider said about the key when it was asked last."""
    error_message: str | None
    """Why the key cannot be used."""
    api_key_masked: str
    """Enough of the key to recognise it by."""
    azure_endpoint_display: str | None
    """Address of the resource; null unless the provider is Azure OpenAI."""
    api_version_display: str | None
    """API version; null unless the provider is Azure OpenAI."""
    created_at: Timestamp
    created_by: UserBasic | None
    last_used_at: Timestamp | None
    """To the minute."""

    @classmethod
    def of(cls, key: ProviderKey) -> ProviderKeyResponse:
        """The representation of `key`."""
        return cls(
            id=key.id,
            provider=key.provider,
            name=key.name,
            state=key.state,
            error_message=key.error_message,
            api_key_masked=key.masked,
            azure_endpoint_display=key.azure_endpoint,
            api_version_display=key.api_version,
            created_at=key.created_at,
            created_by=UserBasic.of(key.created_by),
            last_used_at=key.last_used_at,
        )


class DeleteQuery(RequestModel):
    """What takes the place of a key."""

    replacement_key_id: Annotated[str, Text(blank=True)] = ""
    """Another key for the same provider, which evaluations go over to."""


class DependentEvaluation(ResponseModel):
    """An evaluation that judges with a key."""

    id: UUID
    name: str
    model_configuration_id: UUID
    """The id of the evaluation: its model configuration is a part of it."""


class AlternativeKey(ResponseModel):
    """A usable key for the same provider."""

    id: UUID
    name: str
    provider: Provider


class DependentsResponse(ResponseModel):
    """What depends on a key, and what could take its place."""

    evaluations: list[DependentEvaluation]
    alternative_keys: list[AlternativeKey]

    @classmethod
    def of(cls, found: KeyDependents) -> DependentsResponse:
        """The representation of `found`."""
        return cls(
            evaluations=[
                DependentEvaluation(id=brief.id, name=brief.name, model_configuration_id=brief.id)
                for brief in found.evaluations
            ],
            alternative_keys=[
                AlternativeKey(id=key.id, name=key.name, provider=key.provider) for key in found.alternatives
            ],
        )


class ProviderQuery(RequestModel):
    """A provider."""

    model_config = ConfigDict(json_schema_extra={"required": ["provider"]})

    provider: ProviderName = ""
    """Name of the provider."""


class TrialEvaluation(ResponseModel):
    """An evaluation that judges on the operator's key."""

    id: UUID
    name: str
    enabled: bool

    @classmethod
    def of(cls, brief: EvaluationBrief) -> TrialEvaluation:
        """The representation of `brief`."""
        return cls(id=brief.id, name=brief.name, enabled=brief.enabled)


class TrialEvaluationsResponse(ResponseModel):
    """Evaluations with a model of one provider and no key of their own; at most 50, newest first."""

    evaluations: list[TrialEvaluation]


class AssignRequest(RequestModel):
    """Evaluations that get a key."""

    model_config = ConfigDict(json_schema_extra={"required": ["evaluation_ids"]})

    evaluation_ids: Annotated[list[Uuid], Items(max_items=_MAX_ASSIGNED)] = Field(default_factory=list)
    """Ids; those with a model of another provider, or none, are passed over."""
    enable: Boolean = False
    """Whether they are switched on."""


class AssignResponse(ResponseModel):
    """What came of it."""

    configs_updated: int
    """Evaluations that have the key now."""
    evals_enabled: int
    """Those of them that were switched on."""

    @classmethod
    def of(cls, done: KeyAssignment) -> AssignResponse:
        """The representation of `done`."""
        return cls(configs_updated=done.assigned, evals_enabled=done.enabled)


class ValidationRequest(RequestModel):
    """A key to try."""

    model_config = ConfigDict(hide_input_in_errors=True, json_schema_extra={"required": ["api_key"]})

    api_key: Annotated[str, Text(max_length=_MAX_KEY, blank=True)] | None = None
    """The key itself."""
    provider: ProviderName = Provider.OPENAI.value
    """Name of the provider."""
    azure_endpoint: EndpointField = None
    """Address of the Azure OpenAI resource; needed there."""
    api_version: ApiVersionField = None
    """API version of Azure OpenAI."""


class ValidationResponse(ResponseModel):
    """What the provider said."""

    state: KeyState
    error_message: str | None
    error_field: Literal["api_key", "azure_endpoint"] | None
    """Which field is at fault; Azure OpenAI only."""

    @classmethod
    def of(cls, provider: Provider, check: KeyCheck) -> ValidationResponse:
        """The representation of `check`."""
        azure = provider is Provider.AZURE_OPENAI
        return cls(
            state=check.state,
            error_message=check.error_message,
            error_field=check.error_field if azure else None,
        )
