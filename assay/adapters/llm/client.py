"""`LanguageModel` over litellm: one attempt per call, nothing taken from the environment.

litellm takes seconds to import, so it is imported by `warm_up`, in a thread. It reads switches from the
environment at that moment (`LITELLM_ENVIRONMENT`); whoever starts the process sets them. Retries belong to
Temporal: litellm's and the SDKs' own are off. litellm's `timeout` bounds each wait for bytes, so a second
clock bounds the whole attempt.

Every call goes through one outbound client (`assay.adapters.outbound`), for the operator's key as for
projects' keys: the hosts of the operator's own base URLs are part of its policy, redirects never are. Each
call is confined to its provider's base URL, so no name of a model can take the key elsewhere.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import httpx

from assay.adapters.llm.access import LITELLM_PREFIXES, Endpoint, Endpoints, HouseAccess
from assay.adapters.llm.embeddings import ask_for_vectors, embedding_endpoint, embedding_reply_of
from assay.adapters.llm.failures import failure_of
from assay.adapters.llm.inline import next_inline
from assay.adapters.llm.messages import Question
from assay.adapters.llm.replies import chat_reply_of, reply_of
from assay.adapters.outbound import ConfinedClient, OutboundPolicy, outbound_client
from assay.contracts.evaluations import Provider
from assay.contracts.models import (
    ChatReply,
    ChatRequest,
    EmbeddingReply,
    EmbeddingRequest,
    ModelReply,
    ModelRequest,
)
from assay.contracts.provider_keys import ProviderAccess
from assay.domain.model_names import model_name_problem
from assay.errors import ModelNotFound, OutputLimitExceeded, WorkError

if TYPE_CHECKING:
    from litellm import ModelResponse

    from assay.adapters.llm.sdk_clients import Sender

_SDK_PROVIDERS = frozenset({Provider.AZURE_OPENAI})
"""Those that litellm calls through the OpenAI SDK."""

_ROUTED_ELSEWHERE = ("replicate", "clarifai", "huggingface/", "ft:babbage-002", "ft:davinci-002")
"""Parts of a model's name by which litellm turns to another service than the one that it was told."""

_KEPT_SENDERS = 256
"""Keys in use at a time by one process."""

_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")


class LiteLLM:
    """Asks models with the operator's keys, and with projects' own.

    Args:
        house: access per provider; a provider that is missing here is not offered.
        base_urls: further addresses of the operator, of providers without a house key; all of them serve
            projects' keys too.
        client: what calls are sent through, closed by whoever made it; its policy permits the addresses
            above. None makes one.
    """

    def __init__(
        self,
        house: Mapping[Provider, HouseAccess],
        *,
        base_urls: Mapping[Provider, str] = MappingProxyType({}),
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._endpoints = Endpoints(house, base_urls)
        self._client = client or outbound_client(OutboundPolicy().including(self._endpoints.own_urls))
        self._senders: OrderedDict[Endpoint, Sender] = OrderedDict()
        self._warming = threading.Lock()
        self._warm = False

    def warm_up(self) -> None:
        """Import litellm and quieten it: seconds, once. Call it in a thread; any number of threads may."""
        with self._warming:
            if not self._warm:
                _configure_litellm()
                self._warm = True

    def offers(self, provider: Provider) -> bool:
        """Whether a call could be made: there is a key and an address."""
        return self._endpoints.offers(provider)

    def is_public(self, provider: Provider) -> bool:
        """Whether the operator's access goes to the provider's public address, not to one of their own."""
        return self._endpoints.is_public(provider)

    async def complete(self, request: ModelRequest, access: ProviderAccess | None = None) -> ModelReply:
        """Ask once, like `ask`, where the operator's access or a project's own key leads.

        Args:
            access: a project's own key, of the request's provider; None asks on the operator's access.

        Raises:
            ProviderKeyRequired: there is no key or no address to ask with.
        """
        return await self.ask(request, self._endpoints.of(request.provider, access))

    async def chat(self, request: ChatRequest, access: ProviderAccess | None = None) -> ChatReply:
        """One turn of a conversation; otherwise like `complete`."""
        return await self.converse(request, self._endpoints.of(request.provider, access))

    async def embed(self, request: EmbeddingRequest, access: ProviderAccess | None = None) -> EmbeddingReply:
        """The vectors of texts; otherwise like `complete`."""
        return await self.represent(request, self._endpoints.of(request.provider, access))

    async def ask(self, request: ModelRequest, endpoint: Endpoint) -> ModelReply:
        """Ask once; raises what `converse` raises.

        The reply's text is whatever the model said: a refusal or nothing at all is for the parser to judge.
        """
        return reply_of(request, await self._response(request, endpoint))

    async def converse(self, request: ChatRequest, endpoint: Endpoint) -> ChatReply:
        """Put a conversation once, and get what comes next in it.

        Raises:
            ModelNotFound: no model can have that name; nobody was asked.
            OutputLimitExceeded: the model was cut off.
            OutboundRefused: the provider's address may not be called, or it answered with a redirect.
            WorkError: the provider failed; see `assay.adapters.llm.failures`.
        """
        return chat_reply_of(request, await self._response(request, endpoint))

    async def represent(self, request: EmbeddingRequest, endpoint: Endpoint) -> EmbeddingReply:
        """The vectors of texts.

        Raises:
            ProviderUnavailable: also for an answer that is not a vector for each text.
            WorkError: what `converse` raises.
        """
        response = await self._asked(ask_for_vectors, request, embedding_endpoint(endpoint))
        return embedding_reply_of(request, response)

    async def _response(self, request: ModelRequest | ChatRequest, endpoint: Endpoint) -> ModelResponse:
        """What the provider answers; raises as `converse` says."""
        response = await self._asked(_ask, request, endpoint)
        _require_completeness(request, response)
        return response

    async def _asked[Q: Question, R](
        self, asking: Callable[[Q, Endpoint, Sender], Awaitable[R]], request: Q, endpoint: Endpoint
    ) -> R:
        """What litellm hands out for a question; its failures as `failure_of` reads them."""
        _require_model_name(request)
        if not self._warm:
            await asyncio.to_thread(self.warm_up)
        failure: WorkError
        try:
            return await asking(request, endpoint, self._sender(endpoint))
        except Exception as error:
            failure = failure_of(error, provider=request.provider, secret=endpoint.api_key.get_secret_value())
        # Raised out here so that the driver's exception, which may quote the key, does not hang on to it.
        raise failure

    def _sender(self, endpoint: Endpoint) -> Sender:
        """Our client for an endpoint, in the form that litellm takes for this provider.

        Making one takes a tenth of the time that a call costs, so those of the last endpoints are kept, in
        memory like the keys in them.
        """
        from assay.adapters.llm.sdk_clients import OutboundHandler, sdk_client

        made = self._senders.get(endpoint)
        if made is None:
            client = ConfinedClient(self._client, endpoint.base_url)
            is_sdk = endpoint.provider in _SDK_PROVIDERS
            made = sdk_client(endpoint, client) if is_sdk else OutboundHandler(client)
            self._senders[endpoint] = made
        self._senders.move_to_end(endpoint)
        while len(self._senders) > _KEPT_SENDERS:
            self._senders.popitem(last=False)
        return made


def _require_model_name(request: Question) -> None:
    problem = model_name_problem(request.model, request.provider)
    if problem is None and any(part in request.model for part in _ROUTED_ELSEWHERE):
        problem = "litellm takes it for a model of somebody else."
    if problem is not None:
        raise ModelNotFound(f"{request.provider} has no model of this name. {problem}")


def _configure_litellm() -> None:
    import litellm

    sdk_clients = importlib.import_module("assay.adapters.llm.sdk_clients")
    sdk_clients.fence_litellm()
    sdk_clients.lighten_litellm()
    # the first OpenAI call would import it, for the better part of a second, on the event loop
    importlib.import_module("openai.resources")
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    litellm.suppress_debug_info = True
    litellm.redact_messages_in_exceptions = True
    litellm.turn_off_message_logging = True
    litellm.callbacks = []
    litellm.success_callback = []
    litellm.failure_callback = []


def _require_completeness(request: ModelRequest | ChatRequest, response: ModelResponse) -> None:
    if response.choices and response.choices[0].finish_reason == "length":
        raise OutputLimitExceeded(f"{request.model} stopped at its output limit.")


async def _ask(request: ModelRequest | ChatRequest, endpoint: Endpoint, sender: Sender) -> ModelResponse:
    import litellm

    azure = request.provider is Provider.AZURE_OPENAI
    async with asyncio.timeout(request.timeout_seconds):
        with next_inline():
            response = await litellm.acompletion(
                model=LITELLM_PREFIXES[request.provider] + request.model,
                # A copy: litellm changes what it is given.
                messages=list(request.model_dump(include={"messages"})["messages"]),
                **_demands(request),
                api_key=endpoint.api_key.get_secret_value(),
                # Always given: litellm would ask the environment for a missing one.
                api_base=endpoint.base_url,
                api_version=endpoint.api_version if azure else None,
                timeout=request.timeout_seconds,
                num_retries=0,
                max_retries=0,
                client=sender,
                # A model that only OpenAI's other API serves: litellm would turn to it without our client.
                _skip_responses_api_bridge=True,
            )
    if not isinstance(response, litellm.ModelResponse):
        raise TypeError("litellm answered with a stream that was not asked for.")
    return response


def _demands(request: ModelRequest | ChatRequest) -> dict[str, Any]:
    """What the answer has to be like, or may consist of, in litellm's words."""
    if isinstance(request, ChatRequest):
        tools = list(request.model_dump(include={"tools"})["tools"])
        # Tools are told, not looked up at servers that litellm knows of.
        return {"tools": tools or None, "_skip_mcp_handler": True}
    schema = {"name": request.schema_name, "strict": True, "schema": request.json_schema}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
