"""Vectors through the real litellm and its process."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.adapters.llm import LiteLLM
from assay.adapters.llm.messages import REPLIES, REQUESTS, Answered, Ask, encode
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.adapters.testing.scripted_embeddings import SCRIPTED_DIMENSIONS, scripted_vector
from assay.contracts.evaluations import Provider
from assay.contracts.models import EmbeddingReply, EmbeddingRequest
from assay.errors import (
    ContextWindowExceeded,
    ModelNotFound,
    ProviderAuthenticationFailed,
    ProviderUnavailable,
    RateLimited,
    RequestRejected,
    WorkError,
)
from tests.adapters.llm.conftest import PATHS, SECRET
from tests.adapters.llm.processes import azure, running

TEXTS = ("A lost card", "A boiled egg", "Another lost card")
EMBEDDING_PROVIDERS = [provider for provider in Provider if provider is not Provider.ANTHROPIC]


def some_texts(*texts: str, **changes: Any) -> EmbeddingRequest:
    request = EmbeddingRequest(
        provider=Provider.OPENAI,
        model="text-embedding-3-small",
        texts=texts or TEXTS,
        timeout_seconds=10,
    )
    return request.model_copy(update=changes)


def matrix(reply: EmbeddingReply) -> NDArray[np.float32]:
    return np.frombuffer(reply.vectors, dtype="<f4").reshape(-1, reply.dimensions)


def rows(*vectors: Any, **changes: Any) -> Reply:
    """An answer with these vectors."""
    data = [
        {"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)
    ]
    return Reply(body={"object": "list", "model": "m", "data": data} | changes)


async def test_each_text_has_its_vector(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    reply = await model.embed(some_texts())

    assert np.array_equal(matrix(reply), np.asarray([scripted_vector(text) for text in TEXTS], np.float32))
    assert (reply.dimensions, reply.model) == (SCRIPTED_DIMENSIONS, "text-embedding-3-small")
    assert reply.input_tokens == sum(len(text) // 4 for text in TEXTS)
    assert reply.cost_usd == pytest.approx(reply.input_tokens * 2e-8)
    [sent] = endpoint.requests
    assert sent.path == "/v1/embeddings"
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.body == {"model": "text-embedding-3-small", "input": list(TEXTS), "encoding_format": "base64"}


# litellm makes models of answers whose type says "numbers" also where they are base64
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("provider", EMBEDDING_PROVIDERS)
async def test_every_provider_is_reached(
    model: LiteLLM, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    reply = await model.embed(some_texts(provider=provider, model="some-model"))

    assert matrix(reply).shape == (3, SCRIPTED_DIMENSIONS)
    assert reply.cost_usd is None
    [sent] = endpoint.requests
    on_azure = provider is Provider.AZURE_OPENAI
    between = {Provider.GEMINI: "/openai", Provider.AZURE_OPENAI: "/openai/deployments/some-model"}
    assert sent.path == f"{PATHS[provider]}{between.get(provider, '')}/embeddings"
    assert sent.headers["api-key" if on_azure else "authorization"].endswith(SECRET)
    assert sent.query == ("api-version=2024-10-21" if on_azure else "")
    assert (sent.body["model"], sent.body["encoding_format"]) == ("some-model", "base64")


@pytest.mark.parametrize(
    ("provider", "name", "price"),
    [
        (Provider.GEMINI, "gemini-embedding-001", 1.5e-7),
        (Provider.TOGETHER_AI, "BAAI/bge-base-en-v1.5", 8e-9),
        (Provider.FIREWORKS, "nomic-ai/nomic-embed-text-v1.5", 8e-9),
    ],
)
async def test_known_prices(
    model: LiteLLM, endpoint: ScriptedModelServer, provider: Provider, name: str, price: float
) -> None:
    reply = await model.embed(some_texts("x" * 400, provider=provider, model=name))

    assert (reply.input_tokens, reply.cost_usd) == (100, pytest.approx(100 * price))


async def test_vectors_are_put_in_order(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    data = [{"index": index, "embedding": [float(index), 1.0]} for index in (2, 0, 1)]
    endpoint.enqueue(rows(data=data))

    assert matrix(await model.embed(some_texts())).tolist() == [[0, 1], [1, 1], [2, 1]]


async def test_numbers_and_missing_places_are_understood(
    model: LiteLLM, endpoint: ScriptedModelServer
) -> None:
    endpoint.enqueue(rows(data=[{"embedding": [1, 0.5]}, {"embedding": [0, -2.5]}]))

    reply = await model.embed(some_texts("a", "b"))

    assert matrix(reply).tolist() == [[1, 0.5], [0, -2.5]]
    assert (reply.input_tokens, reply.cost_usd) == (None, None)


BASE64_NAN = b64encode(np.asarray([1, np.nan], "<f4").tobytes()).decode()
GARBAGE = {
    "too few": rows([1.0]),
    "too many": rows([1.0], [1.0], [1.0]),
    "none": rows(),
    "no list": rows(data={"a": 1}),
    "no objects": rows(data=["a", "b"]),
    "one twice": rows(data=[{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]),
    "places of other texts": rows(data=[{"index": 7, "embedding": [1.0]}, {"index": 8, "embedding": [1.0]}]),
    "places that are none": rows(
        data=[{"index": [0], "embedding": [1.0]}, {"index": "1", "embedding": [1.0]}]
    ),
    "other dimensions": rows([1.0, 2.0], [1.0]),
    "no dimensions": rows([], []),
    "no vector": rows([1.0], None),
    "words": rows([1.0], ["one"]),
    "not base64": rows("****", "****"),
    "half a number": rows("AAAA", "AAAA"),
    "not a number": rows("AADAPwAAgD8=", BASE64_NAN),
    "infinite": Reply(body='{"data": [{"embedding": [1e999]}, {"embedding": [1.0]}]}'),
    "beyond float32": rows([1e39], [1.0]),
    "no answer": Reply(body={}),
    "text": Reply(body="<html>Hello</html>"),
    "nothing": Reply(body=""),
}


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE.keys())
async def test_what_is_not_a_vector_for_each_text(
    model: LiteLLM, endpoint: ScriptedModelServer, reply: Reply
) -> None:
    endpoint.enqueue(reply)
    with pytest.raises(ProviderUnavailable, match="openai answered something") as failed:
        await model.embed(some_texts("a", "b"))
    assert failed.value.retryable


def refused(status: int, message: str, **headers: str) -> Reply:
    return Reply(
        status=status, headers=headers, body={"error": {"message": message, "type": "invalid_request_error"}}
    )


REFUSALS = {
    "rate limit": (refused(429, "Slow down.", **{"retry-after": "7"}), RateLimited, 7),
    "bad key": (refused(401, f"Incorrect API key provided: {SECRET}."), ProviderAuthenticationFailed, None),
    "unknown model": (refused(404, "The model does not exist."), ModelNotFound, None),
    "too long": (
        refused(400, "Invalid 'input[1]': maximum input length is 8192 tokens."),
        ContextWindowExceeded,
        None,
    ),
    "refused": (refused(400, "This model does not embed."), RequestRejected, None),
    "overloaded": (refused(503, "Overloaded.", **{"retry-after": "3"}), ProviderUnavailable, 3),
    "cut off": (Reply(body={}, drop=True), ProviderUnavailable, None),
}


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("provider", [Provider.OPENAI, Provider.AZURE_OPENAI])
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
async def test_failures_are_those_of_other_questions(
    model: LiteLLM,
    endpoint: ScriptedModelServer,
    provider: Provider,
    refusal: tuple[Reply, type[WorkError], float | None],
) -> None:
    reply, kind, retry_after = refusal
    endpoint.enqueue(reply)
    with pytest.raises(kind) as failed:
        await model.embed(some_texts(provider=provider, model="some-model"))
    assert type(failed.value) is kind
    assert failed.value.retry_after == retry_after
    assert SECRET not in failed.value.detail
    assert len(endpoint.requests) == 1


async def test_the_timeout_bounds_the_attempt(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(hang=True))
    with pytest.raises(ProviderUnavailable, match="did not answer in time"):
        await model.embed(some_texts(timeout_seconds=0.3))


@pytest.mark.parametrize("name", ["../keys", "replicate/m", ""])
async def test_names_that_lead_elsewhere_are_asked_nobody(
    model: LiteLLM, endpoint: ScriptedModelServer, name: str
) -> None:
    with pytest.raises(ModelNotFound):
        await model.embed(some_texts(model=name))
    assert not endpoint.requests


async def test_the_process_embeds_on_the_operators_key_and_on_a_projects(
    endpoint: ScriptedModelServer,
) -> None:
    async with running(endpoint.base_url, outbound_allow="127.0.0.1") as process:
        house = await process.model.embed(some_texts())
        on_azure = some_texts(provider=Provider.AZURE_OPENAI, model="deployed")
        own = await process.model.embed(on_azure, azure(endpoint.origin))
        endpoint.enqueue(refused(429, "Slow down.", **{"retry-after": "7"}))
        with pytest.raises(RateLimited) as failed:
            await process.model.embed(some_texts("\ud800 and the like"))

    assert np.array_equal(matrix(house), np.asarray([scripted_vector(text) for text in TEXTS], np.float32))
    assert matrix(own).shape == matrix(house).shape
    assert endpoint.requests[1].headers["api-key"] == "a project's"
    assert failed.value.retry_after == 7


@given(st.binary(max_size=50), st.none() | st.floats(0, 10))
def test_replies_cross_between_the_processes(vectors: bytes, cost: float | None) -> None:
    reply = EmbeddingReply(vectors=vectors, dimensions=3, model="m", input_tokens=None, cost_usd=cost)
    message = Answered(number=1, reply=reply)

    assert REPLIES.validate_json(encode(message)) == message


def test_questions_cross_between_the_processes() -> None:
    ask = Ask(
        number=1, request=some_texts("a", ""), api_key="k", base_url="http://host", api_version="2024-10-21"
    )

    assert REQUESTS.validate_json(encode(ask)) == ask
