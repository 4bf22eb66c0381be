"""The text that stands for an item when items are compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.clustering_texts import (
    LONGEST_PART,
    LONGEST_SAID,
    LONGEST_TEXT,
    conversation_text,
    said_text,
    summary_text,
    summary_title,
    verdict_text,
)

ANSWER = [{"role": "assistant", "content": "Click on “Forgot”."}]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def asked(*messages: tuple[str, Any]) -> str:
    return json.dumps([{"role": role, "content": content} for role, content in messages])


def test_a_summary_without_its_diagram() -> None:
    properties = {
        "$ai_summary_title": " Password reset ",
        "$ai_summary_flow_diagram": "user -> agent -> user",
        "$ai_summary_bullets": [{"text": "Asks for a link", "line_refs": "L1"}, {"text": "Gets one"}],
        "$ai_summary_interesting_notes": [{"text": "Polite"}],
    }
    assert summary_title(properties) == "Password reset"
    assert summary_text(properties) == "Password reset\n\nAsks for a link\nGets one\n\nPolite"


@pytest.mark.parametrize(
    "bullets", ['[{"text": "One"}, {"text": "Two"}]', ["One", "Two"], [{"text": "One"}, 7, "Two"]], ids=repr
)
def test_bullets_as_others_write_them(bullets: Any) -> None:
    assert summary_text({"$ai_summary_bullets": bullets}) == "One\nTwo"


def test_what_was_asked_last_and_the_answer_come_first() -> None:
    conversation = asked(
        ("system", "You are a helpful assistant."),
        ("user", "Hello"),
        ("assistant", "Hi, what can I do?"),
        ("user", "Hello"),
        ("user", [{"type": "text", "text": "How do I reset my password?"}]),
    )
    assert conversation_text(conversation, ANSWER) == (
        "How do I reset my password?\n\nClick on “Forgot”.\n\nHello"
    )
    assert said_text(conversation) == "Hello\n\nHow do I reset my password?"


def test_a_long_question_leaves_room_for_the_answer() -> None:
    conversation = asked(("user", "x" * 5_000 + "the end"))
    text = conversation_text(conversation, "y" * 9_000)
    question, answer = text.split("\n\n")
    assert question.endswith("the end")
    assert len(question) == LONGEST_PART
    assert set(answer) == {"y"}
    assert len(text) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("conversation", "expected"),
    [
        ('"Why is the sky blue?"', "Why is the sky blue?"),
        ('[{"role":"human","content":"Why?"}]', "human: Why?"),
        ('[{"role":"user","parts":[{"text":"Why?"}]}]', "user: Why?"),
        ('{"topic":"sky"}', '{"topic": "sky"}'),
        ("not JSON", "not JSON"),
        ("", ""),
    ],
    ids=["text", "other_role", "other_shape", "state", "no_json", "nothing"],
)
def test_inputs_of_other_shapes(conversation: str, expected: str) -> None:
    assert conversation_text(conversation, None) == expected
    both = conversation_text(conversation, ANSWER)
    assert both == "\n\n".join(filter(None, (expected, "Click on “Forgot”.")))


def test_the_end_of_what_was_said_counts() -> None:
    said = said_text(asked(("user", "a" * 3_000), ("user", "b" * 500)))
    assert len(said) == LONGEST_SAID
    assert said.endswith("\n\n" + "b" * 500)
    assert said_text(asked(("assistant", "Hi"))) == ""
    tool_answer = [{"type": "tool_result", "content": "42"}]
    assert said_text(asked(("user", "Really?"), ("user", tool_answer))) == "Really?"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (("Tone", "fail", "Rude."), "Evaluator: Tone\nVerdict: fail\nRude."),
        (("", "", ""), "Verdict: unknown"),
        (("Tone", "n/a", " \n"), "Evaluator: Tone\nVerdict: n/a"),
    ],
    ids=["all", "nothing", "no_reasoning"],
)
def test_verdicts(fields: tuple[str, str, str], expected: str) -> None:
    evaluator, outcome, reasoning = fields
    assert verdict_text(evaluator=evaluator, outcome=outcome, reasoning=reasoning) == expected
    long = verdict_text(evaluator=evaluator, outcome=outcome, reasoning="x" * 9_000)
    assert len(long) == LONGEST_TEXT


@given(JSON, JSON)
def test_any_input_and_output_makes_a_bounded_text(value: Any, answer: Any) -> None:
    for text in (conversation_text(json.dumps(value), answer), said_text(json.dumps(value))):
        assert len(text) <= LONGEST_TEXT
        text.encode()


@given(
    st.dictionaries(
        st.sampled_from(["$ai_summary_title", "$ai_summary_bullets", "$ai_summary_interesting_notes"]), JSON
    )
)
def test_any_summary_makes_a_bounded_text(properties: dict[str, Any]) -> None:
    text = summary_text(properties)
    assert len(text) <= LONGEST_TEXT
    text.encode()
