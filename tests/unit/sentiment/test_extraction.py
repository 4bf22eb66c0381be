"""Which texts of an input are classified."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.sentiment import GenerationInput
from assay.domain.sentiment.extraction import (
    LONGEST_TEXT,
    MOST_OF_GENERATION,
    MOST_OF_TRACE,
    Message,
    messages_of_generation,
    messages_of_trace,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["role", "content", "text", "type", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
MESSAGES = st.lists(
    JSON
    | st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text(max_size=6) | JSON}
    ),
    max_size=80,
)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def extracted(value: Any) -> list[Message]:
    return messages_of_generation(json.dumps(value))


def texts(value: Any) -> list[str]:
    return [message.text for message in extracted(value)]


def test_keys_are_positions_in_the_input() -> None:
    said = [
        {"role": "system", "content": "Be kind."},
        user("Hi"),
        {"role": "assistant"},
        "noise",
        user("Bye"),
    ]
    assert extracted(said) == [Message("1", "Hi"), Message("4", "Bye")]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Where is it?", ["Where is it?"]),
        (user("Thanks"), ["Thanks"]),
        ({"role": "assistant", "content": "Thanks"}, []),
        (json.dumps([user("as text")]), ["as text"]),
        (json.dumps(user("one, as text")), ["one, as text"]),
        ("[sic]", ["[sic]"]),
        ('{"answer": 42}', ['{"answer": 42}']),
        ("[1, 2, 3]", ["[1, 2, 3]"]),
        ('[{"id": 1}]', ['[{"id": 1}]']),
        ("[]", []),
        (json.dumps([{"role": "system", "content": "Be kind."}]), []),
        ("", []),
        ("  \n", []),
        (5, []),
        (None, []),
        ([], []),
        ([user("")], []),
        ([user(None)], []),
        ([{"role": "user"}], []),
        ([{"role": "User", "content": "no"}], []),
    ],
    ids=[
        "text",
        "one message",
        "not the user's",
        "messages as text",
        "a message as text",
        "a text with brackets",
        "JSON that is no message",
        "a list that is no conversation",
        "records",
        "no messages as text",
        "messages of others as text",
        "empty",
        "white space",
        "number",
        "null",
        "no messages",
        "empty message",
        "null message",
        "no content",
        "another role",
    ],
)
def test_what_an_input_may_be(value: Any, said: list[str]) -> None:
    assert texts(value) == said


@pytest.mark.parametrize("stored", ["", "not JSON", "[", "NaN,"])
def test_what_is_no_json_says_nothing(stored: str) -> None:
    assert messages_of_generation(stored) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], ["a b"]),
        ([{"type": "input_text", "text": "a"}, "b", {"content": "c"}], ["a b c"]),
        ([{"type": "image_url", "url": "x"}], ["{'type': 'image_url', 'url': 'x'}"]),
        ([{"type": "text", "text": ""}], []),
        ([{"text": "a"}, {"text": ""}, {"text": "b"}], ["a b"]),
        ([{"content": ["a"]}], ["['a']"]),
        ([{"type": "tool_result", "content": "42"}], []),
        ([{"type": "tool_result", "content": "42"}, {"type": "text", "text": "Thanks"}], ["42 Thanks"]),
        ({"text": "a"}, ["a"]),
        (7, ["7"]),
    ],
    ids=range(10),
)
def test_content_blocks(content: Any, said: list[str]) -> None:
    assert texts([user(content)]) == said


def test_a_long_message_keeps_its_end() -> None:
    [text] = texts([user("a" * LONGEST_TEXT + "end")])
    assert text == "a" * (LONGEST_TEXT - 3) + "end"


def test_the_last_messages_count() -> None:
    said = [user(""), *(user(str(n)) for n in range(MOST_OF_GENERATION + 5))]
    found = extracted(said)
    assert len(found) == MOST_OF_GENERATION
    assert found[0] == Message("6", "5")
    assert found[-1] == Message("55", "54")


@given(MESSAGES | JSON)
def test_whatever_was_captured(value: Any) -> None:
    found = extracted(value)
    assert len(found) <= MOST_OF_GENERATION
    assert all(0 < len(message.text) <= LONGEST_TEXT for message in found)
    positions = [int(message.key) for message in found]
    assert positions == sorted(set(positions))
    if isinstance(value, list):
        assert all(value[position]["role"] == "user" for position in positions)


def test_half_a_surrogate_pair_can_be_stored() -> None:
    [text] = texts([user("a \ud800 b")])
    assert text == "a \N{REPLACEMENT CHARACTER} b"


def test_deep_content_is_no_failure() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert len(texts([user([{"content": deep}])])) == 1


@given(st.lists(st.integers(0, MOST_OF_GENERATION + 10), max_size=10))
def test_a_trace_is_its_generations_from_the_newest(sizes: list[int]) -> None:
    generations = [
        GenerationInput(UUID(int=number), json.dumps([user(f"{number}/{n}") for n in range(size)]))
        for number, size in enumerate(sizes)
    ]
    found = messages_of_trace(generations)

    everything = [
        Message(f"{generation.uuid}:{message.key}", message.text)
        for generation in generations
        for message in messages_of_generation(generation.input)
    ]
    assert found == everything[:MOST_OF_TRACE]
    assert len({message.key for message in found}) == len(found)
