"""What messages say, in the forms that SDKs send."""

from __future__ import annotations

from typing import Any

import pytest

from assay.domain.text_repr import Options
from tests.unit.text_repr.shown import D, answer, generation, message, text


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("hi", "hi"),
        ("", ""),
        (None, ""),
        ([], ""),
        (5, "5"),
        ({"text": "a"}, "a"),
        ({"text": 5}, "5"),
        ({"content": {"content": "deep"}}, "deep"),
        ({"content": [{"type": "text", "text": "a"}]}, "a"),
        ({"image": "é"}, '{"image": "\\u00e9"}'),
        (["a", {"type": "text", "text": "b"}, {"text": "c"}], "a\n\nb\n\nc"),
        (
            [{"type": "text", "text": "one"}, "two", {"type": "tool_result", "content": "42"}],
            "one\n\ntwo\n\n[TOOL_RESULT]\n\n42",
        ),
        ([{"type": "input_text", "text": "a"}], "[INPUT_TEXT]\n\na"),
        ([{"type": "x", "content": [{"text": "a"}, None, True]}], "[X]\n\n[{'text': 'a'}, None, True]"),
        (
            [{"type": "image_url", "image_url": {"url": "u"}}],
            "[{'type': 'image_url', 'image_url': {'url': 'u'}}]",
        ),
        ([{"type": "image", "data": "x" * 600}], "[{'type': 'image', 'data': '" + "x" * 472 + "..."),
        ([{"type": "text", "text": ""}, {"type": "text", "text": "a"}], "a"),
    ],
)
def test_contents(content: Any, shown: str) -> None:
    assert message(content) == shown


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "tool-call", "toolName": "f", "input": {"a": 1}}, "f(a=1)"),
        (
            {"type": "tool_use", "name": "f", "input": {"a": [1, 2], "b": {"c": "é"}}},
            'f(a=[1, 2], b={"c": "\\u00e9"})',
        ),
        ({"type": "tool_use", "name": "f", "input": {}, "partial_json": '{"a": 1}'}, "f(a=1)"),
        ({"type": "tool_use", "name": "f", "input": {}, "partial_json": '{"a":'}, 'f({"a":)'),
        ({"type": "tool_use", "name": "f", "input": {}}, "f()"),
        ({"type": "function", "function": {"name": "f"}}, ""),
        ({"type": "x", "content": {"toolName": "f", "args": {"a": 1}}}, "f(a=1)"),
        ({"content": {"toolName": None}}, "unknown()"),
    ],
)
def test_blocks_that_are_calls(block: dict[str, Any], shown: str) -> None:
    assert message([block]) == shown
    around = [{"type": "note", "text": "before"}, block, "after"]
    assert message(around) == "\n\n".join(filter(None, ("before", shown, "after")))


def test_calls_among_the_blocks_of_an_answer() -> None:
    content = [
        {"type": "text", "text": "I'll call"},
        {"type": "tool_use", "name": "calc", "input": {"x": 1, "s": "é"}},
        {"type": "function", "function": {"name": "f", "arguments": {"k": [1, 2]}}},
    ]
    shown = text("I'll call", "", 'calc(x=1, s="\\u00e9")', "", "Tool calls: 1", "  - f(k=[1, 2])")
    assert answer(content) == shown
    assert answer(content, tool_calls=[{"name": "replaced"}]) == shown
    assert message(content) == text("I'll call", "", 'calc(x=1, s="\\u00e9")')


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({"a": 1, "b": "x", "c": None, "d": True, "e": 1.5}, 'f(a=1, b="x", c=null, d=true, e=1.5)'),
        ('{"b": {"c": [1, 2]}, "a": "é"}', 'f(b={"c": [1, 2]}, a="\\u00e9")'),
        ({}, "f()"),
        (None, "f()"),
        ("", "f()"),
        ("{}", "f({})"),
        ("not json", "f(not json)"),
        ("[1, 2]", "f([1, 2])"),
        ("[" * 5000, f"f({'[' * 5000})"),
        ([1, "a"], 'f([1, "a"])'),
    ],
)
def test_signatures(arguments: Any, shown: str) -> None:
    openai = {"id": "1", "function": {"name": "f", "arguments": arguments}}
    langchain = {"name": "f", "args": arguments}
    assert message("", tool_calls=[openai, langchain]) == text(
        "", "Tool calls: 2", f"  - {shown}", f"  - {shown}"
    )


@pytest.mark.parametrize("call", [{}, {"function": {}}, {"name": None}])
def test_a_call_without_a_name_is_unknown(call: Any) -> None:
    assert message("x", tool_calls=[call]) == text("x", "", "Tool calls: 1", "  - unknown()")


@pytest.mark.parametrize("calls", [[], None, {}, "f", [5]])
def test_what_is_no_list_of_calls_is_left_out(calls: Any) -> None:
    assert message("x", tool_calls=calls) == "x"


@pytest.mark.parametrize(
    ("fields", "speaker"),
    [
        ({"role": "user", "type": "x"}, "USER"),
        ({"type": "human"}, "HUMAN"),
        ({}, "UNKNOWN"),
        ({"role": "", "type": None}, "UNKNOWN"),
        ({"role": 5}, "5"),
    ],
)
def test_speakers(fields: dict[str, Any], speaker: str) -> None:
    assert generation(input=[{"content": "x", **fields}]) == text(
        D, "", "INPUT:", "", f"[1] {speaker}", "", "x"
    )


def test_entries_that_are_no_messages_keep_their_number() -> None:
    shown = generation(input=[5, {"role": "user", "content": "a"}, {"role": "user"}, "x"])
    assert shown == text(D, "", "INPUT:", "", "[2] USER", "", "a", "", D, "", "[3] USER", "", "", D)


@pytest.mark.parametrize(
    ("item", "head", "shown"),
    [
        ({"type": "function_call", "name": "f", "arguments": '{"a": 1}'}, "FUNCTION_CALL", "f(a=1)"),
        ({"type": "custom_tool_call", "name": "f", "input": '{"a": 1}'}, "CUSTOM_TOOL_CALL", 'f({"a": 1})'),
        ({"type": "function_call_output", "output": "42"}, "FUNCTION_CALL_OUTPUT", "42"),
        (
            {"type": "function_call_output", "output": [{"type": "input_text", "text": "42"}]},
            "FUNCTION_CALL_OUTPUT",
            "42",
        ),
        ({"type": "custom_tool_call_output"}, "CUSTOM_TOOL_CALL_OUTPUT", "[tool output not recorded]"),
        ({"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}, "REASONING", "Hm."),
        ({"type": "reasoning", "summary": []}, "REASONING", "[reasoning summary not recorded]"),
        (
            {"type": "web_search_call", "status": "completed", "action": {"query": "é", "image": "x" * 2001}},
            "WEB_SEARCH_CALL",
            text(
                *("(completed)", "{", '  "action": {', '    "query": "\\u00e9",'),
                *('    "image": "[2001 chars not shown]"', "  }", "}"),
            ),
        ),
        ({"type": "mcp_call", "name": "f", "arguments": "{}", "status": "done"}, "MCP_CALL", "f({}) (done)"),
        ({"type": "pause"}, "PAUSE", ""),
    ],
)
def test_items_of_the_responses_api(item: dict[str, Any], head: str, shown: str) -> None:
    lines = ["", f"[1] {head}", "", *([shown] if shown else [])]
    assert generation(input=[item]) == text(D, "", "INPUT:", *lines)
    assert generation(output_choices=[item]) == text(D, "", "OUTPUT:", *lines)
    response = {"object": "response", "output": [item]}
    assert generation(output_choices=response) == text(D, "", "OUTPUT:", *lines)


def test_texts_of_a_message_are_cut_and_calls_are_not() -> None:
    options = Options(truncate_buffer=10, include_markers=False)
    call = {"type": "tool_use", "name": "f", "input": {"a": "x" * 50}}
    shown = generation(options, input=[{"role": "user", "content": ["y" * 12, call]}])
    signature = f'f(a="{"x" * 50}")'
    assert shown.endswith(text("", "yyyyy", "", "... (2 chars truncated) ...", "", "yyyyy", "", signature))


def test_a_list_of_texts_is_cut_as_one() -> None:
    options = Options(truncate_buffer=4, include_markers=False)
    shown = generation(options, input=[{"role": "user", "content": ["ab", "cd"]}])
    assert shown.endswith(text("", "ab", "", "... (2 chars truncated) ...", "", "cd"))
