"""Arguments are checked before anything is done with them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.report_author.tools import (
    TOOLS,
    AllResults,
    GenerationDetail,
    ToolMisuse,
    TraceDetail,
    definitions,
    parsed,
)
from tests.unit.report_author.conversations import ONE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def test_every_tool_is_described_in_openais_words() -> None:
    described = definitions()
    assert [each["function"]["name"] for each in described] == list(TOOLS)
    for each in described:
        assert each["type"] == "function"
        function = each["function"]
        assert function["description"]
        assert function["parameters"]["type"] == "object"
        for argument in function["parameters"]["properties"].values():
            assert argument["description"]
            assert "title" not in argument
    assert "$ref" not in json.dumps(described)


@given(st.sampled_from([*TOOLS, "drop_table", ""]), JSON.map(json.dumps) | st.text(max_size=40))
def test_whatever_a_model_sends_is_taken_or_refused(name: str, arguments: str) -> None:
    try:
        call = parsed(name, arguments)
    except ToolMisuse:
        return
    assert call.name == name


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_limits_are_clamped(limit: int, chars: int) -> None:
    call = parsed("list_all_eval_results", json.dumps({"limit": limit, "reasoning_chars": chars}))
    assert isinstance(call, AllResults)
    assert 1 <= call.limit <= 500
    assert 20 <= call.reasoning_chars <= 200


@pytest.mark.parametrize(
    "text",
    [ONE.replace("-", ""), f"{{{ONE}}}", f"urn:uuid:{ONE}", f" {ONE}", "A" * 36, "", "1; DROP TABLE events"],
    ids=["plain", "braces", "urn", "blank", "letters", "empty", "sql"],
)
def test_only_canonical_uuids_name_generations(text: str) -> None:
    with pytest.raises(ToolMisuse, match="generation_id: "):
        parsed("get_generation_detail", json.dumps({"generation_id": text}))


def test_a_canonical_uuid_names_a_generation() -> None:
    call = parsed("get_generation_detail", json.dumps({"generation_id": ONE}))
    assert call == GenerationDetail(generation_id=ONE)


@pytest.mark.parametrize(
    "text",
    ["", "x" * 256, "a\nb", "a\x00", "a\x7f", "a\u2028b", "a\x85"],
    ids=["empty", "long", "line", "nul", "delete", "separator", "next line"],
)
def test_ids_of_traces_are_short_and_plain(text: str) -> None:
    with pytest.raises(ToolMisuse, match="trace_id: "):
        parsed("get_trace_detail", json.dumps({"trace_id": text}))
    assert parsed("get_trace_detail", json.dumps({"trace_id": "x" * 255})) == TraceDetail(trace_id="x" * 255)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_title", {"title": "x" * 201}),
        ("set_title", {"title": "  "}),
        ("add_section", {"title": "Summary", "content": " \n"}),
        ("add_section", {"content": "Text."}),
        ("add_citation", {"generation_id": ONE, "reason": "x" * 201}),
        ("get_result_distribution_over_time", {"by": "hour; --"}),
        ("sample_eval_results", {"outcome": "' OR 1=1"}),
    ],
    ids=["long title", "no title", "no content", "no heading", "long reason", "step", "outcome"],
)
def test_what_breaks_a_rule_is_refused(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(ToolMisuse):
        parsed(name, json.dumps(arguments))


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(ToolMisuse) as misuse:
        parsed("sample_eval_results", json.dumps({"outcome": "secret-of-somebody"}))
    assert "secret-of-somebody" not in str(misuse.value)
