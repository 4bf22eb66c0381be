import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.domain.readable import readable_text, target_text
from tests.unit.judging.strategies import JSON, TEXT

# values made of the words that the rules look for, so that every branch meets odd neighbours
_WORDS = [
    "role", "type", "text", "content", "parts", "message", "messages", "choices", "candidates", "tool_calls",
    "function", "functionCall", "function_call", "functionResponse", "name", "args", "arguments", "input",
    "id", "tool", "tool_use", "image", "inline_data", "mime_type", "toolName", "refusal",
    "function_call_output",
]  # fmt: skip
SHAPED = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=6),
    max_leaves=30,
)
PIXEL = base64.b64encode(bytes(range(256)) * 4).decode()


@given(JSON | SHAPED, JSON | SHAPED, JSON | SHAPED)
@settings(max_examples=400)
def test_answers_for_any_json_value(inputs: object, outputs: object, tools: object) -> None:
    properties = {
        "$ai_input": inputs,
        "$ai_output_choices": outputs,
        "$ai_tools": tools,
        "$ai_input_state": outputs,
        "$ai_output_state": inputs,
    }
    for event in ("$ai_generation", "$ai_span"):
        for text in target_text(event, properties):
            text.encode()  # what is shown can be sent


@given(TEXT)
def test_a_string_stays_as_it_is(text: str) -> None:
    assert readable_text(text) == text


def test_nesting_beyond_reading_is_cut() -> None:
    value: object = "deep"
    for depth in range(5_000):
        value = [value] if depth % 2 else {"content": value}
    assert "deep" not in readable_text(value)
    assert "…" in readable_text({"state": value})


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"$ai_input": "a", "$ai_input_state": "b", "$ai_output": "c"}, ("a", "c", "")),
        ({"$ai_input": "", "$ai_input_state": "b", "$ai_output_state": "d"}, ("b", "d", "")),
        ({"$ai_output_choices": "x", "$ai_output": "y", "$ai_output_state": "z"}, ("", "x", "")),
        ({"$ai_output_choices": [], "$ai_output": "y", "$ai_output_state": "z"}, ("", "y", "")),
        ({"$ai_input": 0, "$ai_input_state": "b"}, ("0", "", "")),
        ({}, ("", "", "")),
    ],
)
def test_which_properties_are_read(properties: dict[str, object], expected: tuple[str, str, str]) -> None:
    assert target_text("$ai_generation", properties) == expected


def test_other_events_have_states_only() -> None:
    properties = {"$ai_input": "a", "$ai_output": "c", "$ai_input_state": "b", "$ai_output_state": "d"}
    assert target_text("$ai_span", properties) == ("b", "d", "")


def test_tools_are_one_line_each() -> None:
    tools = [{"name": "search", "description": "Find ü"}, {"functionDeclarations": [{"name": "x"}]}, "plain"]
    assert target_text("$ai_generation", {"$ai_tools": tools}).tools.split("\n") == [
        '{"name": "search", "description": "Find ü"}',
        '{"functionDeclarations": [{"name": "x"}]}',
        "plain",
    ]


OPENAI = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Weather in"}, {"type": "text", "text": "Oslo?"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "12 °C"},
    {"role": "assistant", "content": "It is 12 °C."},
]


def test_openai_messages() -> None:
    assert readable_text(OPENAI).split("\n") == [
        "system: Be brief.",
        "user: Weather in Oslo?",
        'assistant: [tool_call call_1: weather({"city":"Oslo"})]',
        "tool[call_1]: 12 °C",
        "assistant: It is 12 °C.",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # OpenAI's choices, alone, in a list, in a whole completion
        ({"message": {"role": "assistant", "content": "hi"}, "index": 0}, "assistant: hi"),
        ([{"message": {"content": "hi"}, "finish_reason": "stop"}], "assistant: hi"),
        ({"id": "x", "choices": [{"message": {"role": "assistant", "content": "hi"}}]}, "assistant: hi"),
        ([{"role": "assistant", "content": None, "refusal": "I won't."}], "assistant: I won't."),
        (
            [{"role": "assistant", "content": "a", "function_call": {"name": "f", "arguments": "{}"}}],
            "assistant: a [tool_call: f({})]",
        ),
        # OpenAI's responses
        ([{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}],
         "assistant: hi"),
        ([{"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}],
         "[tool_call c1: f({})]"),
        ([{"type": "function_call_output", "call_id": "c1", "output": "42"}], "tool[c1]: 42"),
        ([{"type": "reasoning", "encrypted_content": "gAAAA"}, {"role": "user", "content": "x"}],
         "user: x"),
        # the PostHog SDK's form of OpenAI output
        (
            [{"role": "assistant", "content": [
                {"type": "text", "text": "Checking."},
                {"type": "function", "id": "c1", "function": {"name": "f", "arguments": {"a": 1}}},
            ]}],
            'assistant: Checking. [tool_call c1: f({"a": 1})]',
        ),
        # Anthropic
        (
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hmm", "signature": PIXEL},
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "toolu_1", "name": "calc", "input": {"x": "é"}},
            ]},
            'assistant: Let me see. [tool_call toolu_1: calc({"x": "é"})]',
        ),
        (
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "42"}]},
                {"type": "text", "text": "and?"},
            ]},
            "user: 42 and?",
        ),
        # Gemini
        ([{"role": "user", "parts": [{"text": "one"}, {"text": "two"}]}], "user: one two"),
        ({"role": "user", "parts": ["one", {"text": "two"}]}, "user: one two"),
        ([{"role": "model", "parts": [{"function_call": {"name": "f", "args": {"a": 1}}}]}],
         'model: [tool_call: f({"a": 1})]'),
        ([{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"ok": True}}}]}],
         'user: {"ok": true}'),
        ({"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}]},
         "model: hi"),
        ([{"content": {"parts": [{"text": "hi"}]}}], "model: hi"),
        # Vercel, LangChain, OpenTelemetry
        ([{"role": "assistant", "content": [
            {"type": "tool-call", "toolCallId": "v1", "toolName": "f", "args": {"a": 1}}]}],
         'assistant: [tool_call v1: f({"a": 1})]'),
        ([{"role": "assistant", "content": [
            {"type": "tool-call", "id": "v1", "content": {"toolName": "f", "args": "x"}}]}],
         "assistant: [tool_call v1: f(x)]"),
        ([{"type": "human", "content": "hi"}, {"type": "ai", "content": "", "tool_calls": [
            {"name": "f", "args": {}, "id": "l1", "type": "tool_call"}]}],
         "human: hi\nai: [tool_call l1: f({})]"),
        ([{"role": "assistant", "content": [{"name": "f", "args": {"a": 1}}]}],
         'assistant: [tool_call: f({"a": 1})]'),
        ([{"role": "assistant", "content": "", "tool_calls": [{"odd": 1}]}], 'assistant: {"odd": 1}'),
        ([{"role": "user", "parts": [{"type": "text", "content": "hi"}]}], "user: hi"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "user: hi"),
        # plain lists
        (["a", None, "b"], "a\nb"),
        ([{"type": "text", "text": "a"}, {"text": "b"}], "a\nb"),
        ([{"role": "user", "content": {"text": "hi"}}], "user: hi"),
        ([{"role": "user", "content": 5}, 7, True], "user: 5\n7\ntrue"),
        ([{"role": "assistant", "content": ""}], "assistant: "),
    ],
)  # fmt: skip
def test_shapes_of_messages(value: object, expected: str) -> None:
    assert readable_text(value) == expected


@pytest.mark.parametrize(
    "state",
    [
        {"result": "x", "score": 3},
        {"messages": [{"role": "user", "content": "hi"}], "step": 4},
        {"text": "x", "score": 1},
        {"query": ["a", {"b": None}]},
    ],
)
def test_what_fits_no_shape_is_json(state: dict[str, object]) -> None:
    assert json.loads(readable_text(state)) == state


@pytest.mark.parametrize(
    ("block", "label"),
    [
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}, "[image]"),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
            "[image]",
        ),
        ({"type": "input_image", "image_url": PIXEL}, "[image]"),
        ({"inline_data": {"mime_type": "image/png", "data": PIXEL}}, "[image]"),
        ({"inlineData": {"mimeType": "audio/wav", "data": PIXEL}}, "[audio]"),
        ({"fileData": {"mimeType": "application/pdf", "fileUri": "gs://x"}}, "[file]"),
        ({"type": "input_audio", "input_audio": {"data": PIXEL, "format": "wav"}}, "[audio]"),
        ({"type": "file", "mediaType": "image/png", "data": PIXEL}, "[image]"),
        ({"type": "document", "source": {"data": PIXEL}}, "[file]"),
        ({"type": "text", "text": f"see data:image/png;base64,{PIXEL}"}, "see [image]"),
        ({"type": "strange", "blob": PIXEL}, '{"type": "strange", "blob": "[binary]"}'),
    ],
)
def test_binary_data_never_shows(block: dict[str, object], label: str) -> None:
    assert readable_text([{"role": "user", "content": [{"type": "text", "text": "look:"}, block]}]) == (
        f"user: look: {label}"
    )
    for value in (block, [block], {"state": {"nested": block}}, {"a": 1, "text": [block]}):
        shown = readable_text(value)
        assert PIXEL not in shown
        assert PIXEL[:40] not in shown


def test_data_urls_in_plain_text() -> None:
    text = "before data:application/pdf;name=a.pdf;base64,QUJD= after data:video/mp4;base64,QUJD data:,x"
    assert readable_text(text) == "before [file] after [video] data:,x"


def test_lone_surrogates_are_replaced() -> None:
    assert readable_text(json.loads('"a\\ud800b"')) == "a?b"
