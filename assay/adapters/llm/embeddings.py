"""Vectors of texts through litellm.

All providers but Azure OpenAI speak OpenAI's protocol (Gemini at an address of its own), and litellm has a
plain HTTP handler for servers that do, under the name of one of them: vLLM. Through the OpenAI SDK a hundred
vectors take two seconds of computation where they come as lists of numbers; through the handler, and as
base64, they take fifteen milliseconds.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from assay.adapters.llm.access import LITELLM_PREFIXES, Endpoint
from assay.adapters.llm.inline import next_inline
from assay.contracts.evaluations import Provider
from assay.contracts.models import EmbeddingReply, EmbeddingRequest
from assay.errors import ProviderUnavailable

if TYPE_CHECKING:
    from litellm import EmbeddingResponse

    from assay.adapters.llm.sdk_clients import Sender

_PLAIN: Final = "hosted_vllm/"


class _NoVectors(ValueError):
    """The answer is not a vector for each text."""


def embedding_endpoint(endpoint: Endpoint) -> Endpoint:
    """Where a provider takes questions for vectors in OpenAI's words."""
    if endpoint.provider is not Provider.GEMINI:
        return endpoint
    return replace(endpoint, base_url=f"{endpoint.base_url}/openai")


async def ask_for_vectors(request: EmbeddingRequest, endpoint: Endpoint, sender: Sender) -> EmbeddingResponse:
    """Ask once; raises whatever litellm raises."""
    import litellm

    azure = request.provider is Provider.AZURE_OPENAI
    async with asyncio.timeout(request.timeout_seconds):
        with next_inline():
            response: EmbeddingResponse = await litellm.aembedding(
                model=(LITELLM_PREFIXES[request.provider] if azure else _PLAIN) + request.model,
                input=list(request.texts),
                # What does not know it sends numbers, and is understood as well.
                encoding_format="base64",
                api_key=endpoint.api_key.get_secret_value(),
                # Always given: litellm would ask the environment for a missing one.
                api_base=endpoint.base_url,
                api_version=endpoint.api_version if azure else None,
                timeout=request.timeout_seconds,
                num_retries=0,
                max_retries=0,
                client=sender,
            )
    return response


def embedding_reply_of(request: EmbeddingRequest, response: EmbeddingResponse) -> EmbeddingReply:
    """The vectors of an answer, in the order of the texts.

    Raises:
        ProviderUnavailable: it is not a vector of finite numbers for each text, all of one length.
    """
    try:
        vectors = _vectors(response.data, len(request.texts))
    except _NoVectors as error:
        raise ProviderUnavailable(
            f"{request.provider} answered something else than vectors: {error}"
        ) from None
    tokens = getattr(getattr(response, "usage", None), "prompt_tokens", None) or None
    return EmbeddingReply(
        vectors=b"".join(vector.tobytes() for vector in vectors),
        dimensions=len(vectors[0]),
        model=response.model or request.model,
        input_tokens=tokens,
        cost_usd=None if tokens is None else _price(request, tokens),
    )


def _vectors(data: Any, count: int) -> Sequence[array[float]]:
    """One vector for each text.

    Raises:
        _NoVectors: there is not.
    """
    rows = data if isinstance(data, Sequence) else ()
    if len(rows) != count:
        raise _NoVectors(f"{len(rows)} for {count} texts.")
    found = dict(_numbered(row, place) for place, row in enumerate(rows))
    if found.keys() != set(range(count)):
        raise _NoVectors("their numbers are not those of the texts.")
    if len({len(vector) for vector in found.values()}) != 1 or not found[0]:
        raise _NoVectors("they are not of one length.")
    return [found[place] for place in range(count)]


def _numbered(row: Any, place: int) -> tuple[int, array[float]]:
    """Which text a vector is of, and the vector; who leaves the number out sends them in order."""
    fields = row if isinstance(row, Mapping) else {}
    index = fields.get("index")
    if not isinstance(index, int | None):
        raise _NoVectors("their numbers are none.")
    return place if index is None else index, _vector(fields.get("embedding"))


def _vector(sent: Any) -> array[float]:
    vector = array("f")
    try:
        if isinstance(sent, str):
            vector.frombytes(b64decode(sent, validate=True))
        else:
            vector.extend(sent)
    except (TypeError, ValueError, OverflowError):
        raise _NoVectors("one is not made of numbers.") from None
    # A sum is finite only if all its parts are.
    if not math.isfinite(sum(vector)):
        raise _NoVectors("one holds what is no finite number.")
    return vector


def _price(request: EmbeddingRequest, tokens: int) -> float | None:
    """What tokens cost, in USD; None where litellm knows no price, and a zero stands for that, too."""
    import litellm

    try:
        price, _ = litellm.cost_per_token(
            model=LITELLM_PREFIXES[request.provider] + request.model,
            prompt_tokens=tokens,
            call_type="aembedding",
        )
    except Exception:  # of many kinds, for a model that is not in its table
        return None
    return price or None
