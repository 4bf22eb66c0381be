from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.hog.messages import (
    Garbled,
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
from assay.errors import HogDefect, HogUnavailable


def encoded(target: HogTarget) -> bytes:
    return asyncio.run(encode_target(target))


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


def test_that_the_machine_was_too_busy_arrives_as_it_was_sent() -> None:
    arrived = decode_reply(encode_reply(HogUnavailable("too busy")))
    assert isinstance(arrived, HogUnavailable)
    assert arrived.detail == "too busy"


@pytest.mark.parametrize(
    "payload",
    [
        b"1", b"{}", b'{"outcome": [1]}', b'{"surprise": 1}', b"", b"\xff", b"{", b"[" * 100_000,
        b'{"outcome": [true, "", "no fault", null]}', b'{"error": ["", 7, ""]}', b'{"program": [[], 1]}',
        b'{"idle": "much"}',
    ],
    ids=range(12),
)  # fmt: skip
def test_a_reply_of_no_known_form_is_garbled(payload: bytes) -> None:
    with pytest.raises(Garbled):
        decode_reply(payload)


@given(st.binary() | JSON.map(json.dumps).map(str.encode))
def test_a_reply_makes_sense_or_is_garbled(payload: bytes) -> None:
    with suppress(Garbled):
        decode_reply(payload)


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
    assert list(astuple(decode_target(encoded(sent)))) == storable(list(astuple(sent)), levels=50)


def test_properties_may_be_text() -> None:
    sent = HogTarget("u", "e", "d", "t", '{"a": 1}')
    assert decode_target(encoded(sent)) == sent


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_targets_nested_too_deeply_are_refused() -> None:
    encoded(HogTarget("u", "e", "d", "t", nested(240)))
    with pytest.raises(TargetRefused, match="nested"):
        encoded(HogTarget("u", "e", "d", "t", nested(260)))


def test_targets_over_the_limit_are_refused() -> None:
    with pytest.raises(TargetRefused, match="bytes"):
        encoded(HogTarget("u", "e", "d", "t", {"a": "x" * 33_554_432}))


async def test_a_large_target_with_odd_values_does_not_stop_the_event_loop() -> None:
    odd = HogTarget("u", "e", "d", "t", {"n": 2**65, "list": [0] * 300_000})
    encoding = asyncio.create_task(encode_target(odd))
    turns = 0
    while not encoding.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 3
