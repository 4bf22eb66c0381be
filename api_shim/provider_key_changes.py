"""From what a client sends to what is stored of a provider key; the provider is asked in between."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from api_shim.partial import sent_fields
from api_shim.schemas.provider_keys import ProviderKeyRequest
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyState, ProviderAccess, ProviderKey, ProviderKeyChange
from assay.domain.provider_keys import AZURE_API_VERSION
from assay.errors import FieldError
from assay.ports import ProviderDirectory

_DEFAULT_PORTS = {"http": 80, "https": 443}


async def new_access(form: ProviderKeyRequest, providers: ProviderDirectory) -> ProviderAccess:
    """What a new key is made of, once its provider has taken it.

    Raises:
        FieldError: something is missing, or the provider does not take the key.
    """
    if form.api_key is None:
        raise FieldError("An API key is required.", attr="api_key")
    if form.provider is Provider.AZURE_OPENAI and not form.azure_endpoint:
        raise FieldError("An Azure endpoint is required.", attr="azure_endpoint")
    access = access_of(form.provider, form.api_key, form.azure_endpoint, form.api_version)
    await _require_taken(access, providers)
    return access


async def key_change(
    current: ProviderKey, form: ProviderKeyRequest, providers: ProviderDirectory
) -> ProviderKeyChange:
    """What changes about a key; a new secret is shown to the provider first.

    Args:
        current: the key as it is stored; the caller guards against its changing meanwhile, if the secret or
            the endpoint changes: what is decided here holds for this version alone.
        form: the change; what was not sent stays.

    Raises:
        FieldError: a field cannot be changed to that, or the provider does not take the new secret.
    """
    sent = sent_fields(form)
    if sent.get("provider", current.provider) != current.provider:
        raise FieldError("The provider of a key cannot be changed: make a new key.", attr="provider")
    change = ProviderKeyChange(
        name=sent.get("name"),
        api_key=None if form.api_key is None else SecretStr(form.api_key),
        **_azure_change(current, sent, providers),
    )
    if change.api_key is not None:
        endpoint, version = _merged(current, change)
        await _require_taken(
            ProviderAccess(
                provider=current.provider,
                api_key=change.api_key,
                azure_endpoint=endpoint,
                api_version=version,
            ),
            providers,
        )
    return change


def access_of(
    provider: Provider, api_key: str, azure_endpoint: str | None, api_version: str | None
) -> ProviderAccess:
    """What calls are made with; the fields of Azure OpenAI count there alone."""
    azure = provider is Provider.AZURE_OPENAI
    return ProviderAccess(
        provider=provider,
        api_key=SecretStr(api_key),
        azure_endpoint=(azure_endpoint or None) if azure else None,
        api_version=(api_version or AZURE_API_VERSION) if azure else None,
    )


def _azure_change(current: ProviderKey, sent: dict[str, Any], providers: ProviderDirectory) -> dict[str, str]:
    """The changed fields of Azure OpenAI, which count there alone."""
    if current.provider is not Provider.AZURE_OPENAI:
        return {}
    change: dict[str, str] = {}
    if "azure_endpoint" in sent:
        endpoint = _azure_endpoint(sent["azure_endpoint"], providers)
        if sent.get("api_key") is None and _origin(endpoint) != _origin(current.azure_endpoint or ""):
            # Whoever may change a key may not read it, and would if it were sent to a host of their choice.
            raise FieldError(
                "The stored key is not sent to another host: send api_key together with this endpoint.",
                attr="azure_endpoint",
            )
        change["azure_endpoint"] = endpoint
    if "api_version" in sent:
        change["api_version"] = sent["api_version"] or AZURE_API_VERSION
    return change


def _azure_endpoint(endpoint: str | None, providers: ProviderDirectory) -> str:
    if not endpoint:
        raise FieldError("An Azure endpoint is required.", attr="azure_endpoint")
    problem = providers.endpoint_problem(endpoint)
    if problem is not None:
        raise FieldError(problem, attr="azure_endpoint")
    return endpoint


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Who is called at a URL: scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _merged(current: ProviderKey, change: ProviderKeyChange) -> tuple[str | None, str | None]:
    return change.azure_endpoint or current.azure_endpoint, change.api_version or current.api_version


async def _require_taken(access: ProviderAccess, providers: ProviderDirectory) -> None:
    check = await providers.check(access)
    if check.state is not KeyState.OK:
        raise FieldError(
            check.error_message or "The provider does not take this key.", attr=check.error_field or "api_key"
        )
