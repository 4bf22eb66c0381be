"""Query parameters and answer of the list of models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import ConfigDict

from api_shim.provider_choice import ProviderName
from assay.contracts.evaluations import Provider
from assay.contracts.wire import RequestModel, ResponseModel, Text
from assay.domain.judging import TRIAL_MODELS


class ModelsQuery(RequestModel):
    """Whose models."""

    model_config = ConfigDict(json_schema_extra={"required": ["provider"]})

    provider: ProviderName = ""
    """Name of the provider."""
    key_id: Annotated[str, Text(blank=True)] = ""
    """One of the project's own keys; without one, the models that the operator's key may be used for."""


class ModelResponse(ResponseModel):
    """A model."""

    id: str
    """Name of the model, as its provider knows it."""
    posthog_available: bool
    """Whether it may be used on the operator's key."""


class ModelsResponse(ResponseModel):
    """Models of one provider."""

    models: list[ModelResponse]

    @classmethod
    def of(cls, provider: Provider, names: Iterable[str]) -> ModelsResponse:
        """The representation of models by their names."""
        trial = TRIAL_MODELS.get(provider, ())
        return cls(models=[ModelResponse(id=name, posthog_available=name in trial) for name in names])
