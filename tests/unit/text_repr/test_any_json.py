"""Whatever is sent comes to a text."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.text_repr import Options, format_event, format_trace
from tests.unit.text_repr.shown import node, plain

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20)
KEYS = st.sampled_from(
    [
        "role",
        "content",
        "text",
        "type",
        "message",
        "messages",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "args",
        "input",
        "partial_json",
        "toolName",
        "choices",
        "output",
        "object",
        "summary",
        "status",
        "properties",
        "required",
        "parameters",
        "functionDeclarations",
        "input_schema",
        "description",
        "state",
        "tool_call",
        "__type",
        "remaining_steps",
    ]
)
WORDS = st.sampled_from(
    [
        "text",
        "tool-call",
        "tool_use",
        "function",
        "tool",
        "user",
        "assistant",
        "response",
        "reasoning",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "tool_call_with_context",
        '{"a":1}',
        "{'a':1}",
        "{}",
        "[1]",
    ]
)
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
PROPERTIES = st.dictionaries(
    st.sampled_from(
        [
            f"$ai_{key}"
            for key in [
                "input",
                "output",
                "output_choices",
                "tools",
                "error",
                "is_error",
                "span_name",
                "input_state",
                "output_state",
                "latency",
                "model",
                "time_to_first_token",
                "total_cost_usd",
                "evaluation_name",
                "evaluation_result",
                "evaluation_runtime",
                "evaluation_applicable",
                "evaluation_reasoning",
                "evaluation_model",
            ]
        ]
    ),
    JSON,
    max_size=6,
)
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from(["$ai_generation", "$ai_span", "$ai_embedding", "$ai_evaluation", "x"]) | JSON},
    optional={"id": JSON, "properties": PROPERTIES | JSON},
)
NODES = st.recursive(
    st.fixed_dictionaries({"event": EVENTS | JSON}) | JSON,
    lambda inner: st.fixed_dictionaries({"event": EVENTS, "children": st.lists(inner, max_size=3)}),
    max_leaves=6,
)
OPTIONS = st.builds(
    Options,
    max_length=st.integers(-1, 3000),
    truncated=st.booleans(),
    truncate_buffer=st.integers(-2, 30),
    include_markers=st.booleans(),
    collapsed=st.booleans(),
    include_hierarchy=st.booleans(),
    max_depth=st.integers(-1, 4),
    tools_collapse_threshold=st.integers(-1, 3),
    include_line_numbers=st.booleans(),
)


def check(text: str, options: Options) -> None:
    text.encode()
    if options.max_length > 0:
        assert len(text) <= options.max_length


@given(EVENTS, OPTIONS)
def test_any_event(event: dict[str, Any], options: Options) -> None:
    rendering = format_event(event, options)
    assert rendering == format_event(event, options)
    check(rendering.text, options)


@given(
    st.dictionaries(st.sampled_from(["properties", "traceName", "inputState"]), PROPERTIES | JSON),
    st.lists(NODES, max_size=3),
    OPTIONS,
)
def test_any_trace(trace: dict[str, Any], hierarchy: list[Any], options: Options) -> None:
    rendering = format_trace(trace, hierarchy, options)
    assert rendering == format_trace(trace, hierarchy, options)
    check(rendering.text, options)


@given(st.dictionaries(st.sampled_from(["$ai_input", "$ai_output_choices"]), JSON))
def test_the_text_of_an_event_in_a_tree_is_the_text_of_the_event(properties: dict[str, Any]) -> None:
    event = {"id": "e", "event": "$ai_generation", "properties": properties}
    shown = format_trace({}, [{"event": event}], Options(max_length=0)).text
    marked = re.search(r"<<<GEN_EXPANDABLE\|e\|\[GEN\] generation\|([A-Za-z0-9+/=]*)>>>\Z", shown)
    assert marked is not None
    assert plain(marked[1]) == format_event(event, Options(max_length=0)).text


def nested(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"content": value}
    return value


def test_values_of_any_depth() -> None:
    deep = nested(5_001)
    names = (
        "input",
        "output",
        "output_choices",
        "tools",
        "error",
        "span_name",
        "input_state",
        "output_state",
    )
    children = [
        node(name, **{key: value})
        for name in ("$ai_generation", "$ai_span", "$ai_embedding", "$ai_evaluation")
        for key in (*names, "latency", "evaluation_name", "evaluation_result")
        for value in (
            deep,
            [deep],
            {"messages": [{"role": "user", "content": [deep], "tool_calls": [{"args": deep}]}]},
        )
    ]
    for options in (Options(), Options(include_markers=False, include_line_numbers=True)):
        assert format_trace({}, children, options).text
