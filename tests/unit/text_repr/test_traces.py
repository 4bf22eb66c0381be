"""Traces: title, error, states, tree."""

from __future__ import annotations

from typing import Any

import pytest

from assay.domain.text_repr import Options, format_event, format_trace
from assay.domain.text_repr.options import DEEPEST
from tests.unit.text_repr.shown import D, E, base64, node, text

CHECKOUT = [
    node(
        "$ai_span",
        node(
            "$ai_generation",
            input="hi",
            model="gpt-4o",
            latency=0.456,
            time_to_first_token=0.1,
            total_cost_usd=0.00234,
            is_error=True,
        ),
        span_name="plan",
        latency=1.2,
        error="ignored here",
    ),
    node("$ai_feedback"),
    node("$ai_embedding"),
]
PLAIN = Options(include_markers=False)


def trace(hierarchy: list[Any], options: Options | None = None, **fields: Any) -> str:
    return format_trace({"id": "t", "properties": {}, **fields}, hierarchy, options or Options()).text


def tree(hierarchy: list[Any], options: Options) -> list[str]:
    """The lines of a tree, without what stands before it."""
    head = text("TRACE", E, "", D, "", "TRACE HIERARCHY:", "", "")
    shown = trace(hierarchy, options)
    assert shown.startswith(head)
    return shown.removeprefix(head).split("\n")


def test_a_collapsed_tree_has_a_line_per_event() -> None:
    for markers in (True, False):
        options = Options(collapsed=True, include_markers=markers)
        shown = trace(CHECKOUT, options, properties={"$ai_span_name": "checkout bot", "$ai_input_state": "x"})
        assert shown == text(
            *("CHECKOUT BOT", E, "", D, "", "TRACE HIERARCHY:", ""),
            "├─ [SPAN] plan (1.20s)",
            "│  └─ [GEN] gpt-4o (0.46s, TTFT: 0.10s, $0.0023, gpt-4o, ERROR)",
            "├─ [EVENT] $ai_feedback",
            "└─ [EMBED] embedding",
        )


def test_without_markers_the_texts_stand_in_the_tree() -> None:
    assert tree(CHECKOUT, PLAIN) == [
        "├─ [+] [SPAN] plan (1.20s)",
        "│      PLAN",
        f"│      {E}",
        f"│      {D}",
        "│      ",
        "│      ERROR:",
        "│      ",
        "│      ignored here",
        "│  └─ [+] [GEN] gpt-4o (0.46s, TTFT: 0.10s, $0.0023, gpt-4o, ERROR)",
        f"│         {D}",
        "│         ",
        "│         INPUT:",
        "│         ",
        "│         hi",
        "│         ",
        "│         ",
        f"│         {D}",
        "│         ",
        "│         ERROR:",
        "│         ",
        "│         An error occurred (no details available)",
        "│         ",
        "├─ [EVENT] $ai_feedback",
        "└─ [+] [EMBED] embedding",
        f"       {D}",
        "       ",
        "       OUTPUT:",
        "       ",
        "       Embedding vector generated",
        "       ",
    ]


def test_an_event_without_text_has_an_empty_line() -> None:
    assert tree([node("$ai_generation")], PLAIN) == ["└─ [+] [GEN] generation", "       "]


def test_markers_hold_the_texts_of_the_events() -> None:
    options = Options(include_line_numbers=True, truncate_buffer=4)
    inner = Options(truncate_buffer=4)
    children = [
        node("$ai_span", id="s|1", span_name="a|b", input_state="abcdef"),
        node("$ai_evaluation", id=7, evaluation_name="Polite", evaluation_result=True),
        node("$ai_feedback", id=None),
    ]
    texts = [base64(format_event(child["event"], inner).text) for child in children]
    assert tree_of_numbered(children, options) == [
        f"├─ <<<SPAN_EXPANDABLE|s|1|[SPAN] a|b|{texts[0]}>>>",
        f"├─ <<<EVAL_EXPANDABLE|7|[EVAL] Polite (PASS)|{texts[1]}>>>",
        "└─ <<<EVENT_LINK|unknown|[EVENT]>>> $ai_feedback",
    ]


def tree_of_numbered(hierarchy: list[Any], options: Options) -> list[str]:
    lines = trace(hierarchy, options).split("\n")
    width = len(str(len(lines)))
    assert [line.partition(": ")[0] for line in lines] == [
        f"L{n:0{width}d}" for n in range(1, len(lines) + 1)
    ]
    return [line.partition(": ")[2] for line in lines][7:]


@pytest.mark.parametrize(
    ("name", "properties", "shown"),
    [
        ("$ai_generation", {}, "[GEN] generation"),
        ("$ai_generation", {"span_name": "n", "model": "m"}, "[GEN] n (m)"),
        (
            "$ai_generation",
            {"latency": 0, "total_cost_usd": 0, "error": "x"},
            "[GEN] generation (0.00s, $0.0000, ERROR)",
        ),
        (
            "$ai_generation",
            {"latency": 2.675, "time_to_first_token": 0.125},
            "[GEN] generation (2.67s, TTFT: 0.12s)",
        ),
        ("$ai_generation", {"latency": "slow"}, "[GEN] generation (slows)"),
        ("$ai_generation", {"latency": 10**400}, f"[GEN] generation ({10**400}s)"),
        ("$ai_span", {}, "[SPAN] span"),
        ("$ai_span", {"latency": 1, "is_error": True}, "[SPAN] span (1.00s, ERROR)"),
        ("$ai_span", {"error": "x", "model": "m"}, "[SPAN] span"),
        ("$ai_embedding", {"model": "m", "time_to_first_token": 1}, "[EMBED] m (m)"),
        (
            "$ai_evaluation",
            {"evaluation_runtime": "hog", "evaluation_result": False},
            "[EVAL] evaluation (hog, FAIL)",
        ),
        ("$ai_evaluation", {"evaluation_applicable": False}, "[EVAL] evaluation (N/A)"),
        ("$ai_metric", {"span_name": "n"}, "[EVENT] $ai_metric"),
        ("$ai_trace", {}, "[EVENT] $ai_trace"),
    ],
)
def test_what_a_line_says(name: str, properties: dict[str, Any], shown: str) -> None:
    assert tree([node(name, **properties)], Options(collapsed=True)) == [f"└─ {shown}"]


@pytest.mark.parametrize("broken", [5, None, {}, {"event": "$ai_span"}, {"event": None, "children": "x"}])
def test_nodes_that_are_none(broken: Any) -> None:
    assert tree([broken, node("$ai_span")], Options(collapsed=True)) == ["├─ [EVENT] event", "└─ [SPAN] span"]


def chain(length: int) -> list[dict[str, Any]]:
    """So many spans below each other."""
    nodes = [node("$ai_span", span_name=f"level {length - 1}")]
    for level in range(length - 2, -1, -1):
        nodes = [node("$ai_span", *nodes, span_name=f"level {level}")]
    return nodes


@pytest.mark.parametrize(
    ("options", "deepest"),
    [
        (Options(collapsed=True), 10),
        (Options(collapsed=True, max_depth=2), 2),
        (Options(collapsed=True, max_depth=0), 0),
    ],
)
def test_one_line_stands_for_what_is_too_deep(options: Options, deepest: int) -> None:
    nodes = chain(deepest + 1)
    assert tree(nodes, options) == [f"{'   ' * level}└─ [SPAN] level {level}" for level in range(deepest + 1)]
    deeper = tree(chain(deepest + 4), options)
    assert deeper == [*tree(nodes, options), f"{'   ' * (deepest + 1)}  [... max depth reached]"]


def test_what_is_too_deep_keeps_the_line_of_its_parents_siblings() -> None:
    nodes = [node("$ai_span", node("$ai_span"), node("$ai_span")), node("$ai_span")]
    assert tree(nodes, Options(collapsed=True, max_depth=0)) == [
        "├─ [SPAN] span",
        "│    [... max depth reached]",
        "└─ [SPAN] span",
    ]
    assert tree(nodes, Options(max_depth=-1)) == ["  [... max depth reached]"]


def test_trees_of_any_depth_are_shown_down_to_a_level() -> None:
    lines = tree(chain(10_000), Options(collapsed=True, max_depth=10_000))
    assert len(lines) == DEEPEST + 2
    assert lines[DEEPEST].endswith(f"└─ [SPAN] level {DEEPEST}")


def test_a_tree_of_ten_thousand_siblings_keeps_their_order() -> None:
    lines = tree([node("$ai_span", span_name=str(n)) for n in range(10_000)], Options(collapsed=True))
    assert lines == [*(f"├─ [SPAN] {n}" for n in range(9_999)), "└─ [SPAN] 9999"]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"properties": {"$ai_span_name": "a"}, "traceName": "b", "trace_name": "c"}, "A"),
        ({"traceName": "b", "trace_name": "c"}, "B"),
        ({"trace_name": "c"}, "C"),
        ({"properties": None}, "TRACE"),
    ],
)
def test_titles(fields: dict[str, Any], title: str) -> None:
    assert trace([], **fields) == text(title, E)


@pytest.mark.parametrize(("error", "lines"), [("late", ["late"]), ({"a": 1}, ["{", '  "a": 1', "}"])])
def test_errors(error: Any, lines: list[str]) -> None:
    head = ("TRACE", E, "", D, "", "TRACE ERROR:", "", *lines)
    assert trace([], properties={"$ai_error": error}) == text(*head)
    assert trace([node("$ai_x")], Options(collapsed=True), properties={"$ai_error": error}) == text(
        *head, "", D, "", "TRACE HIERARCHY:", "", "└─ [EVENT] $ai_x"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"properties": {"$ai_input_state": "{'a': 1}", "$ai_output_state": {"a": [1]}}, "inputState": "no"},
        {"inputState": "{'a': 1}", "outputState": {"a": [1]}},
        {"input_state": "{'a': 1}", "output_state": {"a": [1]}},
    ],
)
def test_without_a_tree_the_states_are_shown(fields: dict[str, Any]) -> None:
    shown = text(
        *("TRACE", E, "", D, "", "TRACE INPUT:", "", "{'a': 1}"),
        *("", D, "", "TRACE OUTPUT:", "", "{", '  "a": [', "    1", "  ]", "}"),
    )
    assert trace([], **fields) == shown
    assert trace(CHECKOUT, Options(include_hierarchy=False), **fields) == shown


def test_states_that_are_conversations() -> None:
    messages = [{"role": "user", "content": "hi"}]
    assert trace([], input_state=messages, output_state=messages) == text(
        *("TRACE", E, "", D, "", "INPUT:", "", "[1] USER", "", "hi"),
        *("", D, "", "OUTPUT:", "", "[1] USER", "", "hi"),
    )


def test_states_are_cut() -> None:
    shown = trace([], Options(truncate_buffer=2, include_markers=False), input_state="abcd")
    assert shown.endswith(text("a", "", "... (2 chars truncated) ...", "", "d"))


def test_a_trace_may_be_sampled() -> None:
    rendering = format_trace({}, [node("$ai_span")] * 500, Options(collapsed=True, max_length=900))
    assert rendering.sampled
    assert len(rendering.text) <= 900
    assert "[SAMPLED VIEW: Showing ~" in rendering.text
