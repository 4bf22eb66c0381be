"""Long conversations are put again without their oldest turns, and never in halves."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.report_author.results import clipped, result_text
from assay.domain.report_author.trimming import CONVERSATION_CHARS, estimated_tokens, trimmed
from tests.unit.report_author.conversations import OPENING, turn

LENGTHS = st.lists(st.lists(st.integers(0, 600), min_size=1, max_size=4), min_size=1, max_size=12)


def a_conversation(lengths: list[list[int]]) -> list[dict[str, Any]]:
    turns = [
        turn(*(("get_summary_metrics", {}, "x" * length) for length in each), place=place)
        for place, each in enumerate(lengths)
    ]
    return [*OPENING, *(message for each in turns for message in each)]


@given(LENGTHS, st.integers(3_000, 8_000))
def test_what_is_put_again_is_whole_short_and_recent(lengths: list[list[int]], most: int) -> None:
    messages = a_conversation(lengths)
    kept = trimmed(messages, most=most)

    assert kept[: len(OPENING)] == list(OPENING)
    assert sum(len(json.dumps(message)) for message in kept) <= most
    called = [call["id"] for message in kept for call in message.get("tool_calls", ())]
    assert [message["tool_call_id"] for message in kept if message["role"] == "tool"] == called
    # The end of the conversation is there: which results the model waits for now.
    last = messages[-1 - len(lengths[-1])]
    assert last in kept
    if kept != messages:
        assert kept[2]["role"] == "user"
        rest = [message["tool_call_id"] for message in kept if message["role"] == "tool"]
        everything = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
        assert everything[len(everything) - len(rest) :] == rest


@given(LENGTHS)
def test_short_conversations_stay_as_they_are(lengths: list[list[int]]) -> None:
    messages = a_conversation(lengths)
    assert trimmed(messages) == messages


def test_the_model_is_told_what_it_has_written() -> None:
    written = turn(
        ("set_title", {"title": "News"}, {"ok": True}),
        ("add_section", {"title": "Summary", "content": "y" * 900}, {"ok": True}),
    )
    messages = [*OPENING, *written, *turn(("get_summary_metrics", {}, "x" * 900), place=1)]
    note = trimmed(messages, most=1_900)[2]
    assert note["role"] == "user"
    assert '"title": "News"' in note["content"]
    assert '"Summary"' in note["content"]


def test_results_of_the_last_turn_are_emptied_the_longest_first() -> None:
    messages = [*OPENING, *turn(("get_trace_detail", {}, "x" * 5_000), ("get_trace_detail", {}, "y" * 50))]
    long, short = trimmed(messages, most=3_000)[-2:]
    assert "error" in json.loads(long["content"])
    assert json.loads(short["content"]) == "y" * 50


ROWS = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=80), max_size=3), max_size=60)


@given(ROWS, st.integers(200, 4_000))
def test_a_result_stays_json_and_says_what_it_lacks(rows: list[dict[str, str]], most: int) -> None:
    text = result_text({"kind": "rows", "results": rows}, most=most)
    found = json.loads(text)
    assert len(text) <= most
    assert found["kind"] == "rows"
    shown = found["results"]
    assert shown == rows[: len(shown)]
    assert found.get("left_off", 0) == len(rows) - len(shown)


def test_a_result_that_cannot_be_shortened_says_so() -> None:
    assert "error" in json.loads(result_text({"input": "x" * 1_000}, most=500))


def test_lone_surrogates_do_not_get_into_a_result() -> None:
    assert result_text({"input": "half \ud83d"}).encode()


@given(st.text(max_size=300), st.integers(1, 200))
def test_clipping_keeps_both_ends_and_counts_the_rest(text: str, most: int) -> None:
    shown = clipped(text, most)
    if len(text) <= most:
        assert shown == text
    else:
        assert f"[…{len(text) - most} characters…]" in shown
        assert shown.startswith(text[: most - most // 4])
        assert shown.endswith(text[len(text) - most // 4 :])


def test_tokens_are_estimated_from_the_length() -> None:
    assert estimated_tokens([]) == 0
    assert 100_000 <= estimated_tokens([{"role": "user", "content": "x" * 300_000}]) < 100_100
    assert estimated_tokens(trimmed(a_conversation([[200_000]] * 9))) <= CONVERSATION_CHARS / 3
