"""The real litellm against a real socket."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from assay.adapters.llm import HouseAccess, LiteLLM
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.models import ModelMessage, ModelRequest
from assay.domain.judging import DEFAULT_MODELS, build_prompt, parse_verdict, verdict_schema
from assay.domain.readable import TargetText
from assay.errors import OutputLimitExceeded, ProviderKeyRequired, ProviderUnavailable
from tests.adapters.llm.conftest import SECRET

SCHEMA = verdict_schema(False)
VERDICT = '{"reasoning": "Fine.", "verdict": true}'


def a_request(**changes: Any) -> ModelRequest:
    request = ModelRequest(
        provider=Provider.OPENAI,
        model="gpt-5-mini",
        messages=(ModelMessage(role="system", content="Judge."), ModelMessage(role="user", content="429")),
        schema_name="verdict",
        json_schema=SCHEMA,
        timeout_seconds=10,
    )
    return request.model_copy(update=changes)


async def test_one_question_one_answer(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(content=VERDICT, input_tokens=1000, output_tokens=100))
    reply = await model.complete(a_request())
    assert (reply.text, reply.model) == (VERDICT, "gpt-5-mini")
    assert (reply.input_tokens, reply.output_tokens) == (1000, 100)
    assert reply.cost_usd == pytest.approx(1000 * 0.25e-6 + 100 * 2e-6)
    (sent,) = endpoint.requests
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.body == {
        "model": "gpt-5-mini",
        "messages": [{"role": "system", "content": "Judge."}, {"role": "user", "content": "429"}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA},
        },
    }


ANTHROPIC = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": VERDICT}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 30, "output_tokens": 4},
}
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": VERDICT}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 30, "candidatesTokenCount": 4, "totalTokenCount": 34},
}


class Wire(NamedTuple):
    """How a provider is spoken to: path, header of the key, and the body that it answers with."""

    path: str
    key_header: str = "authorization"
    answer: dict[str, Any] | None = None


WIRES = {
    Provider.OPENAI: Wire("/v1/chat/completions"),
    Provider.ANTHROPIC: Wire("/v1/messages", "x-api-key", ANTHROPIC),
    Provider.GEMINI: Wire("/v1beta/models/gemini-2.5-flash:generateContent", "x-goog-api-key", GEMINI),
    Provider.OPENROUTER: Wire("/api/v1/chat/completions"),
    Provider.FIREWORKS: Wire("/inference/v1/chat/completions"),
    Provider.AZURE_OPENAI: Wire("/openai/deployments/gpt-5-mini/chat/completions", "api-key"),
    Provider.TOGETHER_AI: Wire("/v1/chat/completions"),
}


@pytest.mark.parametrize("provider", list(Provider))
async def test_every_provider_is_reached(
    model: LiteLLM, endpoint: ScriptedModelServer, provider: Provider
) -> None:
    wire = WIRES[provider]
    endpoint.enqueue(Reply(content=VERDICT, body=wire.answer, input_tokens=30, output_tokens=4))
    name = DEFAULT_MODELS[provider]
    reply = await model.complete(a_request(provider=provider, model=name))
    assert (reply.text, reply.model) == (VERDICT, name)
    assert (reply.input_tokens, reply.output_tokens) == (30, 4)
    (sent,) = endpoint.requests
    assert sent.path == wire.path
    assert sent.headers[wire.key_header].endswith(SECRET)
    assert SECRET not in sent.query
    assert "temperature" not in str(sent.body)
    if provider is Provider.AZURE_OPENAI:
        assert sent.query == "api-version=2024-10-21"


async def test_default_models_have_a_price_and_structured_output(model: LiteLLM) -> None:
    import litellm

    from assay.adapters.llm.access import LITELLM_PREFIXES

    for provider, name in DEFAULT_MODELS.items():
        if provider is not Provider.OPENROUTER:  # OpenRouter reports its own prices with each answer
            known = litellm.get_model_info(LITELLM_PREFIXES[provider] + name)
            assert known["input_cost_per_token"]
            assert known["supports_response_schema"]


async def test_an_unknown_price_is_none(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(content=VERDICT), Reply(content=VERDICT))
    assert (await model.complete(a_request(model="our-own-model"))).cost_usd is None
    unknown = a_request(provider=Provider.OPENROUTER, model="nobody/nothing")
    assert (await model.complete(unknown)).cost_usd is None


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(content="not json"), "not json"),
        (Reply(content=None), ""),
        (Reply(content="", finish_reason="content_filter"), ""),
        (Reply(content=None, message={"refusal": "I can't judge that."}), "I can't judge that."),
        (Reply(body={"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []}), ""),
    ],
)
async def test_what_the_model_says_is_for_the_parser(
    model: LiteLLM, endpoint: ScriptedModelServer, reply: Reply, text: str
) -> None:
    endpoint.enqueue(reply)
    assert (await model.complete(a_request())).text == text


async def test_no_usage_is_not_zero_usage(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": VERDICT}}
    endpoint.enqueue(
        Reply(body={"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]})
    )
    reply = await model.complete(a_request())
    assert (reply.input_tokens, reply.output_tokens, reply.cost_usd) == (None, None, None)


async def test_an_answer_that_was_cut_off(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(content='{"reaso', finish_reason="length"))
    with pytest.raises(OutputLimitExceeded, match="gpt-5-mini"):
        await model.complete(a_request())


async def test_the_timeout_bounds_the_whole_attempt(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(hang=True))
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable, match="openai did not answer in time"):
        await model.complete(a_request(timeout_seconds=0.3))
    assert time.monotonic() - began < 3
    assert len(endpoint.requests) == 1


async def test_a_trickle_does_not_outlive_the_timeout(model: LiteLLM) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass

    listening = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with listening:
        address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        slow = LiteLLM({Provider.OPENAI: HouseAccess(SecretStr(SECRET), address)})
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable, match="did not answer in time"):
            await slow.complete(a_request(timeout_seconds=0.4))
        assert time.monotonic() - began < 3


async def test_a_slow_answer_within_the_timeout(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(content=VERDICT, delay_seconds=0.2))
    began = time.monotonic()
    assert (await model.complete(a_request())).text == VERDICT
    assert time.monotonic() - began >= 0.2


def wait_for_a_request(endpoint: ScriptedModelServer) -> None:
    while not endpoint.requests:
        time.sleep(0.01)


async def test_cancelling_is_not_a_failure(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(hang=True))
    asking = asyncio.create_task(model.complete(a_request()))
    await asyncio.to_thread(wait_for_a_request, endpoint)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("provider", [Provider.OPENAI, Provider.AZURE_OPENAI])
async def test_what_is_not_offered_needs_a_key(provider: Provider) -> None:
    partial = LiteLLM({Provider.AZURE_OPENAI: HouseAccess(SecretStr(SECRET))})
    assert not partial.offers(provider)
    with pytest.raises(ProviderKeyRequired, match=provider):
        await partial.complete(a_request(provider=provider))


def test_offers() -> None:
    model = LiteLLM(
        {
            Provider.ANTHROPIC: HouseAccess(SecretStr(SECRET)),
            Provider.AZURE_OPENAI: HouseAccess(SecretStr(SECRET), "https://x.openai.azure.com"),
        }
    )
    assert {provider for provider in Provider if model.offers(provider)} == {
        Provider.ANTHROPIC,
        Provider.AZURE_OPENAI,
    }


def test_warming_up_from_many_threads(model: LiteLLM) -> None:
    fresh = LiteLLM({})
    threads = [threading.Thread(target=fresh.warm_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads)


def test_an_access_does_not_show_its_key() -> None:
    assert SECRET not in repr(HouseAccess(SecretStr(SECRET)))


@pytest.mark.parametrize("allows_na", [True, False])
async def test_from_prompt_to_verdict(model: LiteLLM, endpoint: ScriptedModelServer, allows_na: bool) -> None:
    """The scripted judge takes part in the same conversation as a model would."""

    async def judged(output: str) -> bool | None:
        target = TargetText("user: How do I log in?", output, "")
        messages = build_prompt("The answer helps.", target, allows_na=allows_na, boundary="0123456789abcdef")
        reply = await model.complete(a_request(messages=messages, json_schema=verdict_schema(allows_na)))
        return parse_verdict(reply.text, allows_na=allows_na).verdict

    assert await judged("assistant: Open the sign-in page.") is True
    assert await judged("assistant: I don't know.") is False
