"""Model providers: the language model, what providers say about keys, and the one client beneath both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from assay.adapters.llm import LiteLLM, RestProviderDirectory
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.contracts.evaluations import Provider
from assay.errors import SetupError
from assay.runtime.house import House, base_urls
from assay.runtime.memory import settle_memory
from assay.runtime.settings import HouseSettings, Settings, prepare_environment_for_litellm


@dataclass(frozen=True, slots=True)
class ModelProviders:
    """Access to model providers.

    Attributes:
        model: asks models.
        directory: checks keys and lists models.
        warming: imports litellm; None where no provider could be asked anyway.
    """

    model: LiteLLM
    directory: RestProviderDirectory
    warming: asyncio.Task[None] | None


@asynccontextmanager
async def model_providers(settings: Settings, house: House) -> AsyncIterator[ModelProviders]:
    """Model providers for the length of the block.

    litellm takes three seconds to import. Where there is house access to a model it is imported beside the
    rest of the start, so that the first verdict does not wait for it.

    Args:
        house: the operator's own access; its base URLs are part of the outbound policy.
    """
    prepare_environment_for_litellm()
    own = {provider: access.base_url for provider, access in house.items() if access.base_url is not None}
    urls = {**base_urls(HouseSettings()), **own}
    async with _client(settings, urls) as client:
        model = LiteLLM(house, base_urls=urls, client=client)
        warming = asyncio.create_task(asyncio.to_thread(_warm_up, model)) if house else None
        try:
            yield ModelProviders(model, _directory(settings, urls, client), warming)
        finally:
            if warming is not None:
                await asyncio.wait([warming])


def _warm_up(model: LiteLLM) -> None:
    model.warm_up()
    settle_memory()


@asynccontextmanager
async def provider_directory(settings: Settings) -> AsyncIterator[RestProviderDirectory]:
    """Only the directory, for processes that ask no models: litellm is not imported."""
    urls = base_urls(HouseSettings())
    async with _client(settings, urls) as client:
        yield _directory(settings, urls, client)


def _client(settings: Settings, urls: Mapping[Provider, str]) -> httpx.AsyncClient:
    try:
        policy = _operators_list(settings).including(urls.values())
    except ValueError as error:
        raise SetupError(f"A base URL of a model provider is not valid: {error}.") from error
    return outbound_client(policy)


def _directory(
    settings: Settings, urls: Mapping[Provider, str], client: httpx.AsyncClient
) -> RestProviderDirectory:
    return RestProviderDirectory(client, allowed=_operators_list(settings), base_urls=urls)


def _operators_list(settings: Settings) -> OutboundPolicy:
    return OutboundPolicy.parse(settings.outbound_allow or "")
