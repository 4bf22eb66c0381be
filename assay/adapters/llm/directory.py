"""`ProviderDirectory` over the providers' own REST APIs: does a key work, and which models may it use.

================  ==========================================================  ============================
provider          check                                                       models
================  ==========================================================  ============================
OpenAI, Together  `GET /models`                                               the same
Fireworks         `GET /models`                                               the same
OpenRouter        `GET /key`, since anybody may read its list of models       `GET /models`
Anthropic         `GET /v1/models`, one model                                 the same, page by page
Gemini            `GET /models`, one model                                    the same, page by page
Azure OpenAI      `GET /openai/models`: the base models of the resource       `GET /openai/deployments`
================  ==========================================================  ============================

Azure's present data plane lists no deployments; the one of 2022-12-01 does. Where a resource refuses it the
list is empty, and deployments have to be named by hand.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Literal

import httpx

from assay.adapters.llm.access import Endpoint, project_endpoint
from assay.adapters.llm.questions import Question, key_question, models_question
from assay.adapters.outbound import MAX_RESPONSE_BYTES, OutboundPolicy
from assay.contracts.evaluations import Provider
from assay.contracts.provider_keys import KeyCheck, KeyState, ProviderAccess
from assay.domain.model_names import MAX_MODEL_NAME_CHARS, model_name_problem
from assay.domain.provider_keys import azure_endpoint_problem, key_format_problem
from assay.errors import OutboundRefused

_SECONDS = 10.0
"""How long one question may take, with all its pages."""
_MAX_PAGES = 10
_MAX_PAGE_BYTES = 2 * 1024 * 1024
"""Room for hundreds of models with long descriptions; a page is read on the event loop, so it stays small."""
_MAX_NAMES = 1_000
_RETRY = "Please try again later."

type Field = Literal["api_key", "azure_endpoint"]

_log = logging.getLogger(__name__)


class RestProviderDirectory:
    """What providers say about keys.

    Args:
        client: what calls are sent through; closed by whoever made it.
        allowed: the operator's list of outbound hosts; an Azure endpoint may be on one of them.
        base_urls: the operator's addresses of providers, asked instead of the public ones.
        seconds: how long one question may take.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        allowed: OutboundPolicy,
        base_urls: Mapping[Provider, str],
        seconds: float = _SECONDS,
    ) -> None:
        self._client = client
        self._allowed = allowed
        self._base_urls = base_urls
        self._seconds = seconds

    def endpoint_problem(self, url: str) -> str | None:
        """What is wrong with an Azure endpoint: nothing, if it is Azure's or the operator allows it."""
        return azure_endpoint_problem(url, vouched=self._allowed.permits_url)

    async def check(self, access: ProviderAccess) -> KeyCheck:
        """Ask the provider whether it takes the key; at most ten seconds, and never an exception.

        Returns:
            `ok`; `invalid` if the key (or the Azure endpoint) cannot work; `error` if that is not known.
        """
        problem = self._problem(access)
        if problem is not None:
            return problem
        endpoint = project_endpoint(access, self._base_urls)
        if endpoint is None:
            return _invalid("The Azure endpoint is missing.", field="azure_endpoint")
        try:
            async with asyncio.timeout(self._seconds):
                return _verdict(access.provider, await self._ask(key_question(endpoint)))
        except OutboundRefused:
            return _refused(access.provider)
        except (TimeoutError, httpx.HTTPError):
            return _unreachable(access.provider)
        except Exception as error:
            # No traceback: it could show the key.
            _log.warning("The check of a %s key failed: %s.", access.provider, type(error).__name__)
            return _error(f"The key could not be checked with {access.provider}. {_RETRY}")

    async def models(self, access: ProviderAccess) -> list[str]:
        """The names of the models that the key may use, in the provider's order (Azure: newest first).

        Returns:
            Each name once, at most a thousand, and only names that an evaluation may carry; an empty list if
            the provider does not say, for whatever reason.
        """
        endpoint = project_endpoint(access, self._base_urls)
        if endpoint is None or self._problem(access) is not None:
            return []
        try:
            async with asyncio.timeout(self._seconds):
                return await self._names(endpoint)
        except Exception as error:
            # No text and no traceback of it: they could show the key.
            reason = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else ""
            _log.warning("%s listed no models: %s %s", access.provider, type(error).__name__, reason)
            return []

    async def _names(self, endpoint: Endpoint) -> list[str]:
        question: Question | None = models_question(endpoint)
        names: dict[str, None] = {}
        for _ in range(_MAX_PAGES):
            if question is None or len(names) >= _MAX_NAMES:
                break
            response = await self._ask(question)
            response.raise_for_status()
            body = response.json()
            names.update((name, None) for name in question.names(body) if _is_usable(endpoint.provider, name))
            question = question.after(body)
        return list(names)[:_MAX_NAMES]

    async def _ask(self, question: Question) -> httpx.Response:
        return await self._client.get(
            question.url,
            params=question.query,
            headers=question.headers,
            extensions={MAX_RESPONSE_BYTES: _MAX_PAGE_BYTES},
        )

    def _problem(self, access: ProviderAccess) -> KeyCheck | None:
        """What can be seen without asking."""
        if access.provider is Provider.AZURE_OPENAI and access.azure_endpoint is not None:
            problem = self.endpoint_problem(access.azure_endpoint)
            if problem is not None:
                return _invalid(problem, field="azure_endpoint")
        problem = key_format_problem(access.provider, access.api_key.get_secret_value())
        return None if problem is None else _invalid(problem)


def _verdict(provider: Provider, response: httpx.Response) -> KeyCheck:
    """What an answer to the check says about the key."""
    status = response.status_code
    azure = provider is Provider.AZURE_OPENAI
    if response.is_success:
        return _accepted(provider, response)
    if status == 401 or (azure and status == 403) or _calls_key_invalid(provider, response):
        return _invalid(f"{provider} does not accept the API key.")
    if azure and status == 404:
        return _invalid("There is no Azure OpenAI resource at the endpoint.", field="azure_endpoint")
    if status == 403:
        return _error(f"{provider} does not let the API key list models, so it could not be checked.")
    if status == 429:
        return _error(f"{provider} limits the rate of requests, so the key could not be checked. {_RETRY}")
    return _error(f"{provider} answered with status {status}, so the key could not be checked. {_RETRY}")


def _accepted(provider: Provider, response: httpx.Response) -> KeyCheck:
    """Success, if it is the API that answered and not some page."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict | list):
        return KeyCheck(state=KeyState.OK)
    return _error(
        f"What answered in the place of {provider} is not its API. {_RETRY}", field=_place(provider)
    )


def _is_usable(provider: Provider, name: str) -> bool:
    """Whether an evaluation may name the model."""
    return len(name) <= MAX_MODEL_NAME_CHARS and model_name_problem(name, provider) is None


def _calls_key_invalid(provider: Provider, response: httpx.Response) -> bool:
    """Gemini's way of saying 401."""
    return provider is Provider.GEMINI and response.status_code == 400 and "API_KEY_INVALID" in response.text


def _refused(provider: Provider) -> KeyCheck:
    if provider is Provider.AZURE_OPENAI:
        return _invalid(
            "The Azure endpoint may not be called, or its answer is no API's: a redirect, or too large.",
            field="azure_endpoint",
        )
    return _error(
        f"The address of {provider} may not be called, or its answer is no API's: a redirect, or too large."
        " Please tell the operator."
    )


def _unreachable(provider: Provider) -> KeyCheck:
    return _error(f"{provider} could not be reached. {_RETRY}", field=_place(provider))


def _place(provider: Provider) -> Field:
    """The field at fault when the wrong place was called: only Azure's place comes from the client."""
    return "azure_endpoint" if provider is Provider.AZURE_OPENAI else "api_key"


def _invalid(message: str, *, field: Field = "api_key") -> KeyCheck:
    return KeyCheck(state=KeyState.INVALID, error_message=message, error_field=field)


def _error(message: str, *, field: Field = "api_key") -> KeyCheck:
    return KeyCheck(state=KeyState.ERROR, error_message=message, error_field=field)
