"""Spans: name, error, and what states look like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.domain.text_repr import Options
from tests.unit.text_repr.shown import D, E, span, text


def state(value: Any, options: Options | None = None) -> str:
    """What stands for a state."""
    shown = span(options, span_name="s", output_state=value)
    head = text("S", E, D, "", "OUTPUT STATE:", "", "")
    assert shown.startswith(head)
    return shown.removeprefix(head)


def test_blocks_stand_without_empty_lines_between_them() -> None:
    shown = span(
        span_name="lookup docs",
        error="late",
        input_state={"q": "café"},
        output_state=[{"role": "assistant", "content": "done"}],
    )
    assert shown == text(
        *("LOOKUP DOCS", E, D, "", "ERROR:", "", "late"),
        *(D, "", "INPUT STATE:", "", "{", '  "q": "caf\\u00e9"', "}"),
        *(D, "", "OUTPUT STATE:", "", "", "[1] ASSISTANT", "", "done"),
    )


def test_a_span_may_have_nothing() -> None:
    assert span() == text("SPAN", E)
    assert span(span_name=None, input_state=[], output_state={}, is_error=True) == text("SPAN", E)


def test_an_empty_name_is_an_empty_title() -> None:
    assert span(span_name="") == text("", E)


def test_messages_that_are_none_leave_a_state_empty() -> None:
    assert span(span_name="s", input_state={"messages": ["hi"]}) == text("S", E, D, "", "INPUT STATE:", "")
    assert span(span_name="s", input_state={"messages": ["hi", {"role": "user", "content": "you"}]}) == text(
        *("S", E, D, "", "INPUT STATE:", "", "", "[2] USER", "", "you")
    )


def test_the_error_of_a_span_may_be_an_object() -> None:
    assert span(error={"code": 1}) == text("SPAN", E, D, "", "ERROR:", "", "{", '  "code": 1', "}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("as it is", "as it is"),
        ("{'a': [1], 'b': (2, 'é'), 'c': None}", json.dumps({"a": [1], "b": [2, "é"], "c": None}, indent=2)),
        ('{"a": 1.0}', json.dumps({"a": 1.0}, indent=2)),
        ('{"a": true}', '{"a": true}'),
        ("{1: 'a', True: 'b', (1, 2): 'c'}", "{1: 'a', True: 'b', (1, 2): 'c'}"),
        ("{0: 'a', None: 'b', 1.5: 'c'}", json.dumps({0: "a", None: "b", 1.5: "c"}, indent=2)),
        ("'text'", "'text'"),
        ("{'open': ", "{'open': "),
        ("{1, 2}", "{1, 2}"),
        ([1, {"a": "é"}], json.dumps([1, {"a": "é"}], indent=2)),
        ({"messages": []}, json.dumps({"messages": []}, indent=2)),
        (5, "5"),
        (True, "True"),
        (1e16, "1e+16"),
    ],
)
def test_states(value: Any, shown: str) -> None:
    assert state(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        [{"content": "hi"}, {"role": "user", "content": "you"}],
        {"messages": [{"content": "hi"}, {"role": "user", "content": "you"}], "other": 1},
    ],
)
def test_conversations_in_states(value: Any) -> None:
    assert state(value) == text("", "[1] UNKNOWN", "", "hi", "", D, "", "[2] USER", "", "you")


def test_a_call_of_a_tool_with_its_context() -> None:
    call = {"name": "f", "args": {"a": 1}}
    messages = [{"role": "user", "content": "hi"}]
    value = {
        "__type": "tool_call_with_context",
        "tool_call": call,
        "state": {"messages": messages, "remaining_steps": 3},
    }
    tail = ("", "Tool Call:", "  f(a=1)")
    assert state(value) == text("", "[1] USER", "", "hi", "", "Remaining steps: 3", *tail)
    assert state({**value, "state": {"messages": messages}}) == text("", "[1] USER", "", "hi", *tail)
    assert state({**value, "state": None}) == text(*tail)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"name": "f", "status": "success", "content": "42"}, ["[TOOL RESULT] f (success)", "", "42"]),
        ({"name": "f", "content": [{"type": "text", "text": "a"}]}, ["[TOOL RESULT] f", "", "a"]),
        ({"content": ""}, ["[TOOL RESULT] unknown", ""]),
    ],
)
def test_results_of_tools(fields: dict[str, Any], shown: list[str]) -> None:
    assert state({"type": "tool", **fields}) == text(*shown)


@pytest.mark.parametrize("value", ["ABCDEFGHIJKL", "{'ABCDEFGHIJKL': 1}", {"ABCDEFGHIJKL": 1}, [1, 2, 3, 4]])
def test_states_are_cut(value: Any) -> None:
    options = Options(truncate_buffer=4, include_markers=False)
    whole = state(value, Options(truncated=False))
    lost = len(whole) - 4
    assert state(value, options) == text(whole[:2], "", f"... ({lost} chars truncated) ...", "", whole[-2:])
