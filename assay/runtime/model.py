"""Model providers: the language model, what providers say about keys, and the one client beneath both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import structlog

from assay.adapters.llm import Endpoints, ModelProcess, RestProviderDirectory
from assay.adapters.outbound import OutboundPolicy, outbound_client
from assay.contracts.evaluations import Provider
from assay.errors import ModelsUnavailable, SetupError
from assay.runtime.house import House, base_urls
from assay.runtime.settings import HouseSettings, Settings, certificate_authorities

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelProviders:
    """Access to model providers.

    Attributes:
        model: asks models.
        directory: checks keys and lists models.
        starting: starts the process that asks models; None where no provider could be asked anyway.
    """

    model: ModelProcess
    directory: RestProviderDirectory
    starting: asyncio.Task[None] | None


@asynccontextmanager
async def model_providers(settings: Settings, house: House) -> AsyncIterator[ModelProviders]:
    """Model providers for the length of the block.

    The process that asks models takes three seconds to start. Where there is house access to a model it
    starts beside everything else, so that the first verdict does not wait for it.

    Args:
        house: the operator's own access; its base URLs are part of the outbound policy.
    """
    own = {provider: access.base_url for provider, access in house.items() if access.base_url is not None}
    urls = {**base_urls(HouseSettings()), **own}
    model = ModelProcess(
        Endpoints(house, urls),
        outbound_allow=settings.outbound_allow or "",
        environment=certificate_authorities(),
    )
    async with _client(settings, urls) as client:
        starting = asyncio.create_task(_start(model)) if house else None
        try:
            yield ModelProviders(model, _directory(settings, urls, client), starting)
        finally:
            if starting is not None:
                starting.cancel()
                await asyncio.wait([starting])
            await model.close()


async def _start(model: ModelProcess) -> None:
    try:
        await model.start()
    except ModelsUnavailable as error:
        # The next call tries again.
        log.error("models cannot be asked", error=error.detail)


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
