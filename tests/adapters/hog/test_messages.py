from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.hog.messages import (
    Idle,
    Work,
    decode_reply,
    decode_source,
    decode_target,
    decode_work,
    encode_reply,
    encode_source,
    encode_work,
)
from assay.adapters.hog.targets import TargetRefused, encode_target
from assay.domain.hog.errors import HogCompileError, Position
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome, HogTarget
from assay.domain.json_values import storable
from assay.errors import HogDefect

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**1100) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OUTCOMES = st.builds(
    HogOutcome, st.none() | st.booleans(), TEXTS, st.none() | st.sampled_from(Fault), st.none() | TEXTS
)
PROGRAMS = st.builds(CompiledProgram, st.lists(st.integers() | TEXTS), st.lists(TEXTS).map(tuple))


@given(OUTCOMES | PROGRAMS | st.builds(Idle, st.integers(0)))
def test_replies_arrive_as_they_were_sent(reply: HogOutcome | CompiledProgram | Idle) -> None:
    assert decode_reply(encode_reply(reply)) == reply


@given(TEXTS, st.none() | st.builds(Position, st.integers(1), st.integers(0)), TEXTS)
def test_compile_errors_arrive_as_they_were_sent(message: str, position: Position | None, hint: str) -> None:
    arrived = decode_reply(encode_reply(HogCompileError(message, position, hint)))
    assert isinstance(arrived, HogCompileError)
    assert (arrived.message, arrived.position, arrived.hint) == (message, position, hint)


def test_defects_arrive_as_they_were_sent() -> None:
    arrived = decode_reply(encode_reply(HogDefect("what went wrong")))
    assert isinstance(arrived, HogDefect)
    assert arrived.detail == "what went wrong"


@pytest.mark.parametrize("payload", [b"1", b"{}", b'{"outcome": [1]}', b'{"surprise": 1}'])
def test_a_reply_of_no_known_form_is_a_defect(payload: bytes) -> None:
    assert isinstance(decode_reply(payload), HogDefect)


@given(TEXTS, st.none() | st.lists(TEXTS), st.integers(0), st.booleans())
def test_work_arrives_as_it_was_sent(
    name: str, bytecode: list[str] | None, targets: int, allows_na: bool
) -> None:
    work = Work(name, bytecode, targets, allows_na, Limits(steps=7, seconds=0.5, memory=9))
    assert decode_work(encode_work(work)) == work


@given(TEXTS)
def test_sources_arrive_as_they_were_sent(source: str) -> None:
    assert decode_source(encode_source(source)) == source


@given(st.dictionaries(TEXTS, JSON, max_size=4), TEXTS)
def test_targets_arrive_as_the_event_store_would_return_them(properties: dict[str, Any], text: str) -> None:
    sent = HogTarget(text, text, text, text, properties)
    assert list(astuple(decode_target(encode_target(sent)))) == storable(list(astuple(sent)), levels=50)


def test_properties_may_be_text() -> None:
    sent = HogTarget("u", "e", "d", "t", '{"a": 1}')
    assert decode_target(encode_target(sent)) == sent


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_targets_nested_too_deeply_are_refused() -> None:
    encode_target(HogTarget("u", "e", "d", "t", nested(240)))
    with pytest.raises(TargetRefused, match="nested"):
        encode_target(HogTarget("u", "e", "d", "t", nested(260)))


def test_targets_over_the_limit_are_refused() -> None:
    with pytest.raises(TargetRefused, match="bytes"):
        encode_target(HogTarget("u", "e", "d", "t", {"a": "x" * 33_554_432}))
