"""The clients that litellm is given for each call, all on one outbound HTTP client.

Without a client, litellm and the SDKs beneath it make their own, which follow redirects, connect to any
address and take proxies, headers and tokens from the environment. litellm wants two kinds: the OpenAI SDK's
for Azure OpenAI, its own handler for the rest.

This module imports litellm, which takes seconds: import it in a thread.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import httpx
import litellm
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, HTTPHandler
from openai import AsyncAzureOpenAI, AsyncOpenAI
from openai._types import Omit

from assay.adapters.llm.access import Endpoint
from assay.contracts.evaluations import Provider

_FROM_THE_ENVIRONMENT = ("OpenAI-Organization", "OpenAI-Project")
"""Headers that name the operator's own account."""


_KEPT_MODELS = 512
"""Models in use at a time by one process."""

_NAMES_OF_OTHERS = (
    "replicate_models",
    "clarifai_models",
    "petals_models",
    "snowflake_models",
    "ovhcloud_models",
)
"""Tables of litellm with names of models for which it forgets what provider it was told."""


class OutboundHandler(AsyncHTTPHandler):
    """litellm's HTTP handler, sending through a given client and once only.

    For sending again after a broken connection it makes a client of its own, which `fence_litellm` keeps from
    sending: retries belong to Temporal.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__()
        self.client = client  # the handler does not close a client that it was given


type Sender = AsyncOpenAI | OutboundHandler
"""What litellm takes as a client, by the provider."""


def fence_litellm() -> None:
    """See to it that litellm sends nothing but through a client that it was given.

    Whatever provider it is told, litellm turns to another service for some names of models, with the key and
    by a client of its own. The names that it knows are forgotten, and its own clients can send nothing.
    """
    for table in _NAMES_OF_OTHERS:
        getattr(litellm, table).clear()
    AsyncHTTPHandler.create_client = _mute_async_client  # type: ignore[method-assign]
    HTTPHandler.create_client = _mute_client  # type: ignore[method-assign]


def lighten_litellm() -> None:
    """Spare litellm work that each call would repeat, and for nothing.

    After each answer it queues work for callbacks, of which there are none; and seven times in a call it
    looks up what it knows of the model. That took a quarter of the time that a call costs.
    """
    litellm.utils._client_async_logging_helper = _no_callbacks
    litellm.utils.get_model_info_helper = lru_cache(_KEPT_MODELS)(litellm.utils.get_model_info_helper)


async def _no_callbacks(*_: Any, **__: Any) -> None:
    """In place of what litellm does for callbacks."""


def _mute_async_client(*_: Any, **__: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.AsyncBaseTransport(), trust_env=False)


def _mute_client(*_: Any, **__: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.BaseTransport(), trust_env=False)


def sdk_client(endpoint: Endpoint, client: httpx.AsyncClient) -> AsyncOpenAI:
    """The OpenAI SDK's client for an endpoint. It must not be closed: the connections are `client`'s."""
    key = endpoint.api_key.get_secret_value()
    if endpoint.provider is Provider.AZURE_OPENAI and not endpoint.undated:
        azure = AsyncAzureOpenAI(
            api_key=key,
            azure_endpoint=endpoint.base_url,
            api_version=endpoint.api_version,
            http_client=client,
            max_retries=0,
        )
        azure._azure_ad_token = None  # the environment's, and it would go along with anybody's key
        made: AsyncOpenAI = azure
    else:
        url = f"{endpoint.base_url}/openai/v1" if endpoint.undated else endpoint.base_url
        made = AsyncOpenAI(api_key=key, base_url=url, http_client=client, max_retries=0)
    # Over those of OPENAI_CUSTOM_HEADERS; the SDK declares text, and drops what is marked as omitted.
    made._custom_headers = cast("dict[str, str]", {name: Omit() for name in _FROM_THE_ENVIRONMENT})
    return made
