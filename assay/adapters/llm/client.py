"""`LanguageModel` over litellm: one attempt per call, nothing taken from the environment.

litellm takes seconds to import, so it is imported by `warm_up`, in a thread. It reads switches from the
environment at that moment; setting them is the composition root's business. Retries belong to Temporal:
litellm's and the SDKs' own are off. litellm's `timeout` bounds each wait for bytes, so a second clock
bounds the whole attempt.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from assay.adapters.llm.failures import failure_of
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelReply, ModelRequest
from assay.errors import OutputLimitExceeded, ProviderKeyRequired, WorkError

if TYPE_CHECKING:
    from litellm import ModelResponse

_PREFIXES: Mapping[Provider, str] = MappingProxyType(
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

_BASE_URLS: Mapping[Provider, str] = MappingProxyType(
    {
        Provider.OPENAI: "https://api.openai.com/v1",
        Provider.ANTHROPIC: "https://api.anthropic.com",
        Provider.GEMINI: "https://generativelanguage.googleapis.com/v1beta",
        Provider.OPENROUTER: "https://openrouter.ai/api/v1",
        Provider.FIREWORKS: "https://api.fireworks.ai/inference/v1",
        Provider.TOGETHER_AI: "https://api.together.ai/v1",
    }
)
"""The providers' public addresses, always sent along: litellm would ask the environment for a missing
one. Azure OpenAI has none, each customer has an own."""

_AZURE_API_VERSION = "2024-10-21"
"""The first generally available version with JSON schemas."""

_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")


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


class LiteLLM:
    """Asks models with the operator's keys.

    Args:
        house: access per provider; a provider that is missing here is not offered.
    """

    def __init__(self, house: Mapping[Provider, HouseAccess]) -> None:
        self._house = MappingProxyType(dict(house))
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
        access = self._house.get(provider)
        return access is not None and (access.base_url is not None or provider in _BASE_URLS)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once.

        The reply's text is whatever the model said: a refusal or nothing at all is for the parser to judge.

        Raises:
            ProviderKeyRequired: the provider is not offered.
            OutputLimitExceeded: the model was cut off.
            WorkError: the provider failed; see `assay.adapters.llm.failures`.
        """
        if not self.offers(request.provider):
            raise ProviderKeyRequired(
                f"There is no key (or, for Azure OpenAI, no base URL) to ask {request.provider} with."
            )
        access = self._house[request.provider]
        if not self._warm:
            await asyncio.to_thread(self.warm_up)
        failure: WorkError
        try:
            response = await _ask(request, access)
        except Exception as error:
            failure = failure_of(error, provider=request.provider, secret=access.api_key.get_secret_value())
        else:
            return _reply(request, response)
        # Raised out here so that the driver's exception, which may quote the key, does not hang on to it.
        raise failure


def _configure_litellm() -> None:
    import litellm

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


async def _ask(request: ModelRequest, access: HouseAccess) -> ModelResponse:
    import litellm

    azure = request.provider is Provider.AZURE_OPENAI
    async with asyncio.timeout(request.timeout_seconds):
        response = await litellm.acompletion(
            model=_PREFIXES[request.provider] + request.model,
            messages=[message.model_dump() for message in request.messages],
            response_format=_response_format(request),
            api_key=access.api_key.get_secret_value(),
            api_base=access.base_url or _BASE_URLS[request.provider],
            api_version=(access.api_version or _AZURE_API_VERSION) if azure else None,
            timeout=request.timeout_seconds,
            num_retries=0,
            max_retries=0,
        )
    if not isinstance(response, litellm.ModelResponse):
        raise TypeError("litellm answered with a stream that was not asked for.")
    return response


def _response_format(request: ModelRequest) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {"name": request.schema_name, "strict": True, "schema": request.json_schema},
    }


def _reply(request: ModelRequest, response: ModelResponse) -> ModelReply:
    choice = response.choices[0] if response.choices else None
    if choice is not None and choice.finish_reason == "length":
        raise OutputLimitExceeded(f"{request.model} stopped at its output limit.")
    usage = getattr(response, "usage", None)
    return ModelReply(
        text="" if choice is None else _text(choice.message),
        model=(response.model or request.model).removeprefix(_PREFIXES[request.provider]),
        # litellm makes up zeros where a provider reports no usage
        input_tokens=getattr(usage, "prompt_tokens", None) or None,
        output_tokens=getattr(usage, "completion_tokens", None) or None,
        cost_usd=_cost(request, response),
    )


def _text(message: Any) -> str:
    """The content; else the refusal, which litellm keeps in either of two places; else nothing."""
    refusal = getattr(message, "refusal", None) or (message.provider_specific_fields or {}).get("refusal")
    return str(message.content or refusal or "")


def _cost(request: ModelRequest, response: ModelResponse) -> float | None:
    """The price of the call in USD, or None: litellm knows no price, or the zero that stands for it."""
    import litellm

    try:
        cost = litellm.completion_cost(
            completion_response=response, model=_PREFIXES[request.provider] + request.model
        )
    except Exception:
        return None  # whatever is wrong with a price, the answer is paid for and must not be lost
    return cost or None
