"""`/llm_analytics/provider_keys/`: a project's own keys for model providers.

No request to a provider is made inside a transaction. Whoever may write is an admin of the project.
"""

from __future__ import annotations

from typing import Any

from activities.notices import evaluation_stopped
from api_shim.access import require_project_admin
from api_shim.errors import REFUSALS_AS_DETAIL
from api_shim.object_operations import changes, creation, deletion, existing, list_of, retrieval
from api_shim.operations import Call, Operation, Resource
from api_shim.pagination import Page, PageQuery, page_of
from api_shim.provider_choice import chosen_provider
from api_shim.provider_key_changes import access_of, key_change, new_access
from api_shim.schemas.provider_keys import (
    AssignRequest,
    AssignResponse,
    DeleteQuery,
    DependentsResponse,
    NewProviderKeyRequest,
    ProviderKeyRequest,
    ProviderKeyResponse,
    ProviderQuery,
    TrialEvaluation,
    TrialEvaluationsResponse,
    ValidationRequest,
    ValidationResponse,
)
from assay.contracts.evaluations import StatusReason
from assay.contracts.lists import ListQuery
from assay.contracts.provider_keys import OpenedKey, ProviderKey
from assay.contracts.wire import parse_uuid
from assay.errors import Conflict, NotPossible, ProviderKeyUnreadable, ServiceUnavailable

_MAX_TRIAL_EVALUATIONS = 50


async def list_keys(call: Call[None, PageQuery]) -> Page[ProviderKeyResponse]:
    """List provider keys.

    Newest first. The keys themselves are never sent, only enough of each to recognise it by.
    """
    query = ListQuery(limit=call.query.limit, offset=call.query.offset)
    count, found = await call.deps.registry.provider_keys.list(call.project.id, query)
    return page_of(call, count, [ProviderKeyResponse.of(key) for key in found])


async def create_key(call: Call[NewProviderKeyRequest, None]) -> ProviderKeyResponse:
    """Store a provider key.

    The provider is asked first; a key that it does not take is not stored. Needs an admin of the project.
    """
    _require_admin(call)
    form = await call.body()
    access = await new_access(form, call.deps.providers)
    created = await call.deps.registry.provider_keys.create(
        call.project.id,
        form.name,
        access,
        created_by=call.principal.user.id,
        set_as_active=form.set_as_active,
    )
    return ProviderKeyResponse.of(created)


async def retrieve_key(call: Call[None, None]) -> ProviderKeyResponse:
    """Retrieve a provider key."""
    return ProviderKeyResponse.of(await _find(call))


async def change_key(call: Call[ProviderKeyRequest, None]) -> ProviderKeyResponse:
    """Change a provider key.

    Fields that are not sent stay as they are. A new secret is shown to the provider first. Another path of
    the Azure endpoint or another API version without a new secret makes the state `unknown` until the key
    is validated; an endpoint on another host, port or scheme needs the secret in the same request. Needs an
    admin of the project.
    """
    _require_admin(call)
    current = await _find(call)
    change = await key_change(current, await call.body(), call.deps.providers)
    decides_anew = change.api_key is not None or change.azure_endpoint is not None
    checked = current.version if decides_anew else None
    return _shown(
        await call.deps.registry.provider_keys.change(call.project.id, call.id, change, checked=checked)
    )


async def delete_key(call: Call[None, DeleteQuery]) -> None:
    """Delete a provider key.

    It is gone for good. Evaluations that use it go over to the replacement; without one they lose the key,
    and active judges are put into `error`. Needs an admin of the project.
    """
    _require_admin(call)
    replacement_id = None
    if named := call.query.replacement_key_id:
        await _find(call)
        replacement_id = parse_uuid(named)
        if replacement_id is None:
            raise NotPossible("The replacement key was not found.")
    removal = existing(
        await call.deps.registry.provider_keys.delete(call.project.id, call.id, replacement_id=replacement_id)
    )
    for stopped in removal.stopped:
        evaluation_stopped(call.project.id, stopped, StatusReason.PROVIDER_KEY_DELETED)


async def validate_key(call: Call[None, None]) -> ProviderKeyResponse:
    """Ask the provider about a key.

    The answer holds the state that was found, whatever it is. A key that turns out to be `invalid` puts the
    active evaluations that would judge with it into `error`. Needs an admin of the project.
    """
    _require_admin(call)
    opened = await _opened(call)
    check = await call.deps.providers.check(opened.access)
    try:
        checked = existing(
            await call.deps.registry.provider_keys.recheck(
                call.project.id, call.id, check, version=opened.key.version
            )
        )
    except Conflict:
        # Somebody else may have validated it meanwhile: what is stored then is as true as what was found.
        current = await _opened(call)
        if current.access != opened.access:
            raise
        return ProviderKeyResponse.of(current.key)
    for stopped in checked.stopped:
        evaluation_stopped(call.project.id, stopped, StatusReason.PROVIDER_KEY_INVALID)
    return ProviderKeyResponse.of(checked.key)


async def _opened(call: Call[Any, Any]) -> OpenedKey:
    """The key with its secret.

    Raises:
        NotFound: there is no such key.
        ServiceUnavailable: this process lacks the secret that opens it, which says nothing about the key:
            it may be fine for every other process.
    """
    try:
        return existing(await call.deps.registry.provider_keys.open(call.project.id, call.id))
    except ProviderKeyUnreadable as unreadable:
        raise ServiceUnavailable(unreadable.detail) from unreadable


async def dependents(call: Call[None, None]) -> DependentsResponse:
    """Show what depends on a provider key."""
    found = await call.deps.registry.provider_keys.dependents(call.project.id, call.id)
    return DependentsResponse.of(existing(found))


async def trial_evaluations(call: Call[None, ProviderQuery]) -> TrialEvaluationsResponse:
    """List evaluations that could use a key of a provider.

    Those with a model of the provider and no key of their own; at most 50, newest first.
    """
    provider = chosen_provider(call.query.provider)
    found = await call.deps.registry.provider_keys.on_trial(
        call.project.id, provider, limit=_MAX_TRIAL_EVALUATIONS
    )
    return TrialEvaluationsResponse(evaluations=[TrialEvaluation.of(brief) for brief in found])


async def assign_key(call: Call[AssignRequest, None]) -> AssignResponse:
    """Give a provider key to evaluations.

    Those whose model is of another provider are passed over. Those in `error` become `paused`; with
    `enable`, all become `active`. Needs an admin of the project.
    """
    _require_admin(call)
    await _find(call)
    form = await call.body()
    if not form.evaluation_ids:
        raise NotPossible("Name at least one evaluation in evaluation_ids.")
    done = await call.deps.registry.provider_keys.assign(
        call.project.id, call.id, form.evaluation_ids, enable=form.enable
    )
    return AssignResponse.of(existing(done))


async def try_key(call: Call[ValidationRequest, None]) -> ValidationResponse:
    """Try a provider key without storing it.

    Needs an admin of the project.
    """
    _require_admin(call)
    form = await call.body()
    if not form.api_key:
        raise NotPossible("An API key is required.")
    provider = chosen_provider(form.provider)
    access = access_of(provider, form.api_key, form.azure_endpoint, form.api_version)
    return ValidationResponse.of(provider, await call.deps.providers.check(access))


def _require_admin(call: Call[Any, Any]) -> None:
    require_project_admin(call.principal, call.project)


async def _find(call: Call[Any, Any]) -> ProviderKey:
    return existing(await call.deps.registry.provider_keys.get(call.project.id, call.id))


def _shown(key: ProviderKey | None) -> ProviderKeyResponse:
    return ProviderKeyResponse.of(existing(key))


_CHANGED = "The key was changed by somebody else meanwhile."
_UNREADABLE = (
    "No secret of this server opens the stored key, or a store cannot be reached. Nothing was changed."
)

RESOURCE = Resource(
    path="llm_analytics/provider_keys",
    scope="llm_provider_key",
    operations=(
        list_of(ProviderKeyResponse, list_keys, query=PageQuery),
        creation(NewProviderKeyRequest, ProviderKeyResponse, create_key),
        retrieval(ProviderKeyResponse, retrieve_key),
        *changes(ProviderKeyRequest, ProviderKeyResponse, change_key, also={409: _CHANGED}),
        deletion(
            delete_key,
            query=DeleteQuery,
            errors=REFUSALS_AS_DETAIL,
            also={400: "The replacement cannot take over."},
        ),
        Operation(
            "validate",
            "POST",
            "{id}/validate",
            validate_key,
            response=ProviderKeyResponse,
            also={409: _CHANGED, 503: _UNREADABLE},
        ),
        Operation(
            "dependent_configs", "GET", "{id}/dependent_configs", dependents, response=DependentsResponse
        ),
        Operation(
            "trial_evaluations",
            "GET",
            "trial_evaluations",
            trial_evaluations,
            query=ProviderQuery,
            response=TrialEvaluationsResponse,
            errors=REFUSALS_AS_DETAIL,
            also={400: "No provider, or an unknown one."},
        ),
        Operation(
            "assign",
            "POST",
            "{id}/assign",
            assign_key,
            body=AssignRequest,
            response=AssignResponse,
            errors=REFUSALS_AS_DETAIL,
            also={400: "No evaluation is named."},
        ),
    ),
)

VALIDATIONS = Resource(
    path="llm_analytics/provider_key_validations",
    scope="llm_provider_key",
    operations=(
        Operation(
            "create",
            "POST",
            "",
            try_key,
            body=ValidationRequest,
            response=ValidationResponse,
            errors=REFUSALS_AS_DETAIL,
            also={400: "No key, or no known provider."},
        ),
    ),
)
