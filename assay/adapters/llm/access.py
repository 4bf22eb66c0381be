"""Where each provider is called, and with which key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import SecretStr

from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.provider_keys import AZURE_API_VERSION
from assay.errors import ProviderKeyRequired

PUBLIC_URLS: Mapping[Provider, str] = MappingProxyType(
    {
        Provider.OPENAI: "https://api.openai.com/v1",
        Provider.ANTHROPIC: "https://api.anthropic.com",
        Provider.GEMINI: "https://generativelanguage.googleapis.com/v1beta",
        Provider.OPENROUTER: "https://openrouter.ai/api/v1",
        Provider.FIREWORKS: "https://api.fireworks.ai/inference/v1",
        Provider.TOGETHER_AI: "https://api.together.ai/v1",
    }
)
"""The providers' public addresses. Azure OpenAI has none, each customer has an own."""

LITELLM_PREFIXES: Mapping[Provider, str] = MappingProxyType(
    {
        Provider.OPENAI: "openai/",
        Provider.ANTHROPIC: "anthropic/",
        Provider.GEMINI: "gemini/",
        Provider.OPENROUTER: "openrouter/",
        Provider.FIREWORKS: "fireworks_ai/",
        Provider.AZURE_OPENAI: "azure/",
        Provider.TOGETHER_AI: "together_ai/",
    }
)
"""How litellm names the providers."""

LITELLM_ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        # No tables from the network, no `.env`.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_MODE": "PRODUCTION",
        # OpenAI by the handler of the other providers: the SDK takes two fifths of the time of a call.
        "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER": "True",
    }
)
"""What has to be in the environment before litellm is imported."""

_UNDATED_AZURE_VERSIONS = frozenset({"v1", "latest", "preview"})


@dataclass(frozen=True, slots=True)
class HouseAccess:
    """The operator's own access to one provider.

    Attributes:
        base_url: address instead of the provider's public one; Azure OpenAI needs it.
        api_version: Azure OpenAI's API version.
    """

    api_key: SecretStr
    base_url: str | None = None
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One provider's address and a key for it.

    Attributes:
        base_url: without a slash at its end.
        api_version: sent to Azure OpenAI only.
    """

    provider: Provider
    api_key: SecretStr
    base_url: str
    api_version: str

    @property
    def undated(self) -> bool:
        """Whether this is Azure OpenAI's newer API, which looks like OpenAI's and has no dated versions."""
        return self.provider is Provider.AZURE_OPENAI and self.api_version in _UNDATED_AZURE_VERSIONS


class Endpoints:
    """Where, and with which key, each provider is called.

    Args:
        house: access per provider; a provider that is missing here is not offered.
        base_urls: further addresses of the operator, of providers without a house key; all of them serve
            projects' keys too.
    """

    def __init__(self, house: Mapping[Provider, HouseAccess], base_urls: Mapping[Provider, str]) -> None:
        own = {provider: access.base_url for provider, access in house.items() if access.base_url}
        self._house = MappingProxyType(dict(house))
        self._base_urls: Mapping[Provider, str] = MappingProxyType({**base_urls, **own})

    @property
    def own_urls(self) -> Collection[str]:
        """The operator's own addresses."""
        return self._base_urls.values()

    def offers(self, provider: Provider) -> bool:
        """Whether a call could be made: there is a key and an address."""
        return self._of_house(provider) is not None

    def is_public(self, provider: Provider) -> bool:
        """Whether the operator's access goes to the provider's public address, not to one of their own."""
        return provider not in self._base_urls

    def of(self, provider: Provider, access: ProviderAccess | None) -> Endpoint:
        """Where a call goes.

        Args:
            access: a project's own key, of that provider; None for the operator's access.

        Raises:
            ProviderKeyRequired: there is no key or no address to ask with.
        """
        if access is not None and access.provider is not provider:
            raise ValueError(f"A key of {access.provider} cannot ask {provider}.")
        endpoint = self._of_house(provider) if access is None else project_endpoint(access, self._base_urls)
        if endpoint is None:
            raise ProviderKeyRequired(
                f"There is no key (or, for Azure OpenAI, no endpoint) to ask {provider} with."
            )
        return endpoint

    def _of_house(self, provider: Provider) -> Endpoint | None:
        access = self._house.get(provider)
        if access is None:
            return None
        url = access.base_url or PUBLIC_URLS.get(provider)
        return _endpoint(provider, access.api_key, url, access.api_version)


def project_endpoint(access: ProviderAccess, base_urls: Mapping[Provider, str]) -> Endpoint | None:
    """Where a project's key is used; None if that is not known.

    Args:
        base_urls: the operator's addresses, which serve projects' keys too; an Azure key brings its own.
    """
    url = base_urls.get(access.provider) or PUBLIC_URLS.get(access.provider)
    if access.provider is Provider.AZURE_OPENAI:
        url = access.azure_endpoint or url
    return _endpoint(access.provider, access.api_key, url, access.api_version)


def _endpoint(
    provider: Provider, key: SecretStr, url: str | None, api_version: str | None
) -> Endpoint | None:
    if url is None:
        return None
    return Endpoint(provider, key, url.rstrip("/"), api_version or AZURE_API_VERSION)
