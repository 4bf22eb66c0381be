"""Layout of generations: sections, inputs, outputs, tools, errors."""

from __future__ import annotations

from typing import Any

import pytest

from assay.domain.text_repr import Options, format_event
from tests.unit.text_repr.shown import D, base64, event, generation, plain, text

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Look up weather.",
        "parameters": {
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}


def test_sections_stand_in_their_order() -> None:
    call = {"function": {"name": "get_weather", "arguments": '{"city": "Oslo", "days": 2}'}}
    shown = generation(
        tools=[WEATHER],
        input=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather in Oslo?"},
        ],
        output_choices=[{"message": {"role": "assistant", "content": "Checking.", "tool_calls": [call]}}],
        error="late",
        model="gpt-4o",
    )
    assert shown == text(
        *(D, "", "AVAILABLE TOOLS: 1", ""),
        *("  get_weather(city: string, days?: integer)", "    Look up weather.", ""),
        *(D, "", "INPUT:", "", "[1] SYSTEM", "", "Be brief.", ""),
        *(D, "", "[2] USER", "", "Weather in Oslo?", ""),
        *(D, "", "OUTPUT:", "", "[1] ASSISTANT", "", "Checking.", ""),
        *("Tool calls: 1", '  - get_weather(city="Oslo", days=2)', "", ""),
        *(D, "", "ERROR:", "", "late", ""),
    )


@pytest.mark.parametrize("properties", [{}, {"input": [], "output": "", "tools": [], "error": None}])
def test_nothing_is_an_empty_text(properties: dict[str, Any]) -> None:
    assert generation(**properties) == ""
    assert generation(Options(include_line_numbers=True), **properties) == ""


@pytest.mark.parametrize("broken", [None, [], "x", 5])
def test_properties_that_are_no_object_are_none(broken: Any) -> None:
    assert format_event({"event": "$ai_generation", "properties": broken}).text == ""


@pytest.mark.parametrize("name", [None, "$ai_trace", "checkout", 5, ["$ai_span"]])
def test_events_of_other_names_are_shown_as_generations(name: Any) -> None:
    assert format_event({"event": name, "properties": {"$ai_input": "hi"}}).text == text(
        D, "", "INPUT:", "", "hi"
    )


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("hi", ["", "hi"]),
        ({"a": [1, "é"]}, ["", "[Unparsed input format: dict]", '{"a": [1, "\\u00e9"]}']),
        (5, ["", "[Unparsed input format: int]", "5"]),
        (True, ["", "[Unparsed input format: bool]", "true"]),
        ({"a": "x" * 600}, ["", "[Unparsed input format: dict]", '{"a": "' + "x" * 493 + "..."]),
        (["text", 5], []),
    ],
    ids=["string", "object", "number", "boolean", "long object", "list without messages"],
)
def test_inputs(value: Any, lines: list[str]) -> None:
    assert generation(input=value) == text(D, "", "INPUT:", *lines)


@pytest.mark.parametrize(
    ("properties", "lines"),
    [
        ({"output": "yo", "output_choices": [{"content": "no"}]}, ["", "yo"]),
        ({"output_choices": {"choices": [{"message": {"content": "a"}}]}}, ["", "[1] ASSISTANT", "", "a"]),
        ({"output_choices": [{"role": "model", "content": "a"}]}, ["", "[1] MODEL", "", "a"]),
        ({"output_choices": [{"content": "a"}]}, ["", "[1] ASSISTANT", "", "a"]),
        ({"output_choices": [5, {"index": 0}, {"content": "a"}]}, ["", "[1] ASSISTANT", "", "a"]),
        (
            {"output_choices": [{"content": "a"}, {"message": {"content": "b"}}]},
            ["", "[1] ASSISTANT", "", "a", "", D, "", "[2] ASSISTANT", "", "b"],
        ),
    ],
    ids=["string wins", "wrapped", "own role", "no role", "others are skipped", "two"],
)
def test_outputs(properties: dict[str, Any], lines: list[str]) -> None:
    assert generation(**properties) == text(D, "", "OUTPUT:", *lines)


@pytest.mark.parametrize(
    "properties",
    [
        {"output": ["a"]},
        {"output": {"content": "a"}},
        {"output_choices": "a"},
        {"output_choices": [{"index": 0}]},
        {"output_choices": {"choices": {}}},
        {"output_choices": 5},
    ],
)
def test_outputs_that_are_not_shown(properties: dict[str, Any]) -> None:
    assert generation(**properties) == ""


def test_two_empty_lines_stand_before_an_error_and_one_after_it() -> None:
    shown = generation(
        output="yo",
        error={"status": 429, "error": {"type": "rate", "tags": ["a", {"b": None}]}},
    )
    assert shown == text(
        *(D, "", "OUTPUT:", "", "yo", "", ""),
        *(D, "", "ERROR:", "", "status: 429", "error:", "  type: rate", "  tags:", "    - a"),
        *("    -", "      b: None", ""),
    )


@pytest.mark.parametrize(
    ("properties", "body"),
    [
        ({"error": "late"}, ["late"]),
        ({"is_error": True}, ["An error occurred (no details available)"]),
        ({"error": '{"a": true, "b": [[1, 2], {}]}'}, ["a: True", "b:", "  -", "    - 1", "    - 2", "  -"]),
        ({"error": "{}"}, ["{}"]),
        ({"error": "{no json"}, ["{no json"]),
        ({"error": '["a"]'}, ['["a"]']),
        ({"error": ["a", None]}, ["['a', None]"]),
        ({"error": 500}, ["500"]),
    ],
)
def test_errors(properties: dict[str, Any], body: list[str]) -> None:
    assert generation(**properties) == text("", D, "", "ERROR:", "", *body, "")


def embedding(**properties: Any) -> str:
    return format_event(event("$ai_embedding", **properties)).text


def test_an_embedding_has_an_input_and_no_vector() -> None:
    tail = (D, "", "OUTPUT:", "", "Embedding vector generated", "")
    assert embedding(input="vectorise me") == text(D, "", "INPUT:", "", "vectorise me", "", *tail)
    assert embedding() == text(*tail)


def test_three_empty_lines_stand_before_the_error_of_an_embedding() -> None:
    assert embedding(is_error=True) == text(
        *(D, "", "OUTPUT:", "", "Embedding vector generated", "", "", ""),
        *(D, "", "ERROR:", "", "An error occurred (no details available)", ""),
    )


@pytest.mark.parametrize(
    ("properties", "line"),
    [
        (
            {"evaluation_name": "Polite", "evaluation_result": True, "evaluation_reasoning": "Kind."},
            "EVALUATION: Polite | Result: PASS | Reasoning: Kind.",
        ),
        (
            {"evaluation_result": False, "evaluation_runtime": "hog"},
            "EVALUATION: evaluation | Result: FAIL (hog)",
        ),
        (
            {"evaluation_result": None, "evaluation_applicable": False, "evaluation_runtime": "llm_judge"},
            "EVALUATION: evaluation | Result: N/A (llm_judge)",
        ),
        (
            {"evaluation_result": "true", "evaluation_runtime": "llm_judge", "evaluation_model": "gpt-4o"},
            "EVALUATION: evaluation | Result: PASS (llm_judge/gpt-4o)",
        ),
        ({"evaluation_result": True, "evaluation_applicable": False}, "EVALUATION: evaluation | Result: N/A"),
        ({"evaluation_result": "False"}, "EVALUATION: evaluation | Result: FAIL"),
    ],
)
def test_evaluations(properties: dict[str, Any], line: str) -> None:
    assert format_event(event("$ai_evaluation", **properties)).text == text(D, "", line, "")


@pytest.mark.parametrize(
    ("tool", "lines"),
    [
        ({"name": "f", "input_schema": {"properties": {"a": {}}}}, ["  f(a?: any)"]),
        (
            {"name": "f", "inputSchema": {"properties": {"a": {"type": "x"}}, "required": ["a"]}},
            ["  f(a: x)"],
        ),
        ({"name": "f", "parameters": {"properties": {"a": {"type": ["x", None]}}}}, ["  f(a?: ['x', None])"]),
        ({"name": "f", "description": "One. Two."}, ["  f()", "    One."]),
        ({"name": "f", "description": "One\nTwo."}, ["  f()", "    One."]),
        ({"name": "f", "description": "e.g.one."}, ["  f()", "    e.g.one."]),
        ({"name": "f", "description": "\n  Docstring.\n  More."}, ["  f()", "    Docstring."]),
        ({"type": "web_search"}, ["  web_search()", '    {"type": "web_search"}.']),
        (5, ["  UNKNOWN()", "    5."]),
        ({"x": "y" * 200}, ["  UNKNOWN()", '    {"x": "' + "y" * 93 + "."]),
        (
            {"functionDeclarations": [{"name": "f"}, {"name": "g", "description": "G"}]},
            ["  f()", "", "  g()", "    G."],
        ),
    ],
    ids=str,
)
def test_forms_of_tools(tool: Any, lines: list[str]) -> None:
    assert generation(tools=[tool]) == text(D, "", "AVAILABLE TOOLS: 1", "", *lines)
    assert generation(tools={"any": tool}) == text(D, "", "AVAILABLE TOOLS: 1", "", *lines)


@pytest.mark.parametrize("tools", ["f", 5, {}, True])
def test_tools_that_are_none(tools: Any) -> None:
    assert generation(tools=tools) == ""


def test_many_tools_are_folded() -> None:
    tools = [{"name": f"t{number}", "description": f"D{number}"} for number in range(6)]
    short = text(
        "AVAILABLE TOOLS: 6",
        *(line for number in range(6) for line in ("", f"  t{number}()", f"    D{number}.")),
    )
    shown = generation(tools=tools)
    assert shown == text(D, "", f"<<<TOOLS_EXPANDABLE|AVAILABLE TOOLS: 6|{base64(short)}>>>")
    assert plain(shown.removesuffix(">>>").rpartition("|")[2]) == short
    assert generation(Options(include_markers=False), tools=tools) == text(D, "", "[+] AVAILABLE TOOLS: 6")
    assert generation(Options(tools_collapse_threshold=6), tools=tools) == text(D, "", short)
    assert "[+] AVAILABLE TOOLS: 5" in generation(
        Options(tools_collapse_threshold=4, include_markers=False), tools=tools[:5]
    )


def test_a_bundle_counts_as_one_tool() -> None:
    bundle = {"functionDeclarations": [{"name": f"t{number}"} for number in range(9)]}
    assert generation(tools=[bundle]).startswith(text(D, "", "AVAILABLE TOOLS: 1", "", "  t0()"))
