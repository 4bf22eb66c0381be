"""`/llm_analytics/models/`: which models there are to judge with."""

from __future__ import annotations

from uuid import UUID

from api_shim.errors import DETAIL
from api_shim.operations import Call, Operation, Resource
from api_shim.provider_choice import chosen_provider
from api_shim.schemas.models import ModelsQuery, ModelsResponse
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import OpenedKey
from assay.contracts.wire import parse_uuid
from assay.domain.judging import TRIAL_MODELS
from assay.errors import NotFound, NotPossible, ProviderKeyUnreadable


async def list_models(call: Call[None, ModelsQuery]) -> ModelsResponse:
    """List the models of a provider.

    With a key: what the provider lists for it; where it lists nothing, what Assay knows. Without one: what
    the operator's key may be used for.
    """
    provider = chosen_provider(call.query.provider)
    known = TRIAL_MODELS.get(provider, ())
    if not call.query.key_id:
        return ModelsResponse.of(provider, known)
    opened = await _open(call, parse_uuid(call.query.key_id), provider)
    listed = [] if opened is None else await call.deps.providers.models(opened.access)
    return ModelsResponse.of(provider, listed or known)


async def _open(call: Call[None, ModelsQuery], key_id: UUID | None, provider: Provider) -> OpenedKey | None:
    """The key; None if nobody can read it any more."""
    keys = call.deps.registry.provider_keys
    key = None if key_id is None else await keys.get(call.project.id, key_id)
    if key is None:
        raise NotFound("Provider key not found.")
    if key.provider != provider:
        raise NotPossible(f"This key is for {key.provider}, not for {provider}.")
    try:
        return await keys.open(call.project.id, key.id)
    except ProviderKeyUnreadable:
        return None


RESOURCE = Resource(
    path="llm_analytics/models",
    scope="evaluation",
    operations=(
        Operation(
            "list",
            "GET",
            "",
            list_models,
            query=ModelsQuery,
            response=ModelsResponse,
            errors=DETAIL,
            also={400: "No provider, an unknown one, or not the key's."},
        ),
    ),
)
