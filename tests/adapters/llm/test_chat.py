"""Conversations with tools, through the real litellm and its process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from assay.adapters.llm import LiteLLM
from assay.adapters.llm.access import Endpoint
from assay.adapters.llm.messages import REPLIES, REQUESTS, Answered, Ask, encode
from assay.adapters.testing import Reply, ScriptedModelServer
from assay.contracts.evaluations import Provider
from assay.contracts.models import ChatReply, ChatRequest, ToolCall
from assay.errors import ModelNotFound, OutputLimitExceeded, RateLimited
from tests.adapters.llm.conftest import SECRET
from tests.adapters.llm.processes import running

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a town.",
        "parameters": {
            "type": "object",
            "properties": {"town": {"type": "string", "description": "Its name."}},
            "required": ["town"],
            "additionalProperties": False,
        },
    },
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"town": "Ulm"}'}}
CONVERSATION: tuple[dict[str, Any], ...] = (
    {"role": "system", "content": "You tell the weather."},
    {"role": "user", "content": "And in Ulm?"},
    {"role": "assistant", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": '{"sky": "clear"}'},
)
ANTHROPIC: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_7", "name": "weather", "input": {"town": "Ulm"}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 30, "output_tokens": 4},
}


def a_chat(**changes: Any) -> ChatRequest:
    request = ChatRequest(
        provider=Provider.OPENAI,
        model="gpt-5-mini",
        messages=CONVERSATION,
        tools=(WEATHER,),
        timeout_seconds=10,
    )
    return request.model_copy(update=changes)


async def test_openai_is_asked_in_its_own_words(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(content="It is clear in Ulm.", input_tokens=1000, output_tokens=100))
    reply = await model.chat(a_chat())
    (sent,) = endpoint.requests
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.body == {"model": "gpt-5-mini", "messages": list(CONVERSATION), "tools": [WEATHER]}
    assert reply.message == {"role": "assistant", "content": "It is clear in Ulm."}
    assert (reply.tool_calls, reply.model) == ((), "gpt-5-mini")
    assert (reply.input_tokens, reply.output_tokens) == (1000, 100)
    assert reply.cost_usd == pytest.approx(1000 * 0.25e-6 + 100 * 2e-6)


async def test_calls_go_back_into_the_conversation_as_they_came(
    model: LiteLLM, endpoint: ScriptedModelServer
) -> None:
    endpoint.enqueue(Reply(calls=[("weather", {"town": "Ulm"}), ("weather", {"town": "Bonn"})]), Reply())
    first = await model.chat(a_chat(messages=CONVERSATION[:2]))
    assert [(call.name, json.loads(call.arguments)) for call in first.tool_calls] == [
        ("weather", {"town": "Ulm"}),
        ("weather", {"town": "Bonn"}),
    ]
    assert len({call.id for call in first.tool_calls}) == 2

    results = [{"role": "tool", "tool_call_id": call.id, "content": "{}"} for call in first.tool_calls]
    await model.chat(a_chat(messages=(*CONVERSATION[:2], first.message, *results)))
    assert endpoint.requests[1].body["messages"][2:] == [first.message, *results]
    assert [call["id"] for call in first.message["tool_calls"]] == [call.id for call in first.tool_calls]


async def test_anthropic_is_asked_in_its_own_words(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(body=ANTHROPIC))
    reply = await model.chat(a_chat(provider=Provider.ANTHROPIC, model="claude-haiku-4-5"))
    (sent,) = endpoint.requests
    assert (sent.path, sent.headers["x-api-key"]) == ("/v1/messages", SECRET)
    (tool,) = sent.body["tools"]
    assert (tool["name"], tool["input_schema"]["required"]) == ("weather", ["town"])
    call, result = sent.body["messages"][1]["content"][0], sent.body["messages"][2]["content"][0]
    assert (call["type"], call["name"], call["input"]) == ("tool_use", "weather", {"town": "Ulm"})
    assert (result["type"], result["tool_use_id"]) == ("tool_result", call["id"])

    (asked,) = reply.tool_calls
    assert (asked.id, asked.name, json.loads(asked.arguments)) == ("toolu_7", "weather", {"town": "Ulm"})
    assert reply.message["content"] == "I look."
    assert (reply.input_tokens, reply.output_tokens) == (30, 4)


async def test_a_conversation_without_tools(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    await model.chat(a_chat(messages=CONVERSATION[:2], tools=()))
    assert "tools" not in endpoint.requests[0].body


async def test_the_conversation_is_left_as_it_is(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(body=ANTHROPIC))
    request = a_chat(provider=Provider.ANTHROPIC, model="claude-haiku-4-5")
    before = request.model_copy(deep=True)
    await model.chat(request)
    assert request == before


async def test_failures_are_those_of_a_question(model: LiteLLM, endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(
        Reply(status=429, headers={"retry-after": "7"}, body={"error": {"message": "slow"}}),
        Reply(content="It is cl", finish_reason="length"),
    )
    with pytest.raises(RateLimited) as limited:
        await model.chat(a_chat())
    assert limited.value.retry_after == 7
    with pytest.raises(OutputLimitExceeded):
        await model.chat(a_chat())
    with pytest.raises(ModelNotFound):
        await model.chat(a_chat(model="replicate/else"))
    assert len(endpoint.requests) == 2


async def test_a_conversation_crosses_to_the_model_process(endpoint: ScriptedModelServer) -> None:
    endpoint.enqueue(Reply(calls=[("weather", {"town": "Ulm"})]), Reply(content="Clear."))
    async with running(endpoint.base_url) as process:
        asked = await process.model.chat(a_chat(messages=CONVERSATION[:2]))
        said = await process.model.chat(a_chat())
    assert [(call.name, call.arguments) for call in asked.tool_calls] == [("weather", '{"town": "Ulm"}')]
    assert said.message == {"role": "assistant", "content": "Clear."}
    assert [request.body["tools"] for request in endpoint.requests] == [[WEATHER], [WEATHER]]


TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXT, JSON, max_size=3), max_size=3).map(tuple)


@given(st.builds(ChatRequest, messages=OBJECTS, tools=OBJECTS, timeout_seconds=st.floats(0, 100)))
def test_a_conversation_arrives_as_it_was_put(request: ChatRequest) -> None:
    endpoint = Endpoint(request.provider, SecretStr("key"), "https://x", "v1")
    arrived = REQUESTS.validate_json(encode(Ask.of(1, request, endpoint)))
    assert isinstance(arrived, Ask)
    assert (arrived.request, arrived.endpoint) == (request, endpoint)


@given(
    st.builds(
        ChatReply,
        message=st.dictionaries(TEXT, JSON, max_size=3),
        tool_calls=st.lists(st.builds(ToolCall), max_size=3).map(tuple),
        cost_usd=st.none() | st.floats(0, 9),
    )
)
def test_what_was_said_arrives_as_it_was_said(reply: ChatReply) -> None:
    arrived = REPLIES.validate_json(encode(Answered(number=1, reply=reply)))
    assert isinstance(arrived, Answered)
    assert arrived.reply == reply
