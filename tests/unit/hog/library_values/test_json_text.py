"""Reading and writing JSON within a budget."""

from __future__ import annotations

import json
import math
import sys
import tracemalloc
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, Limit, LimitExceeded
from assay.domain.hog.json_text import json_of, parse_json
from assay.domain.hog.limits import MIB
from assay.domain.hog.values import HogError
from tests.unit.hog.library_values.calls import JSON_VALUES, bomb, budget, cycle, function_value, nested

SYNTAX = st.text(st.sampled_from('[]{}",:\\ 01.eE+-aftnulrseN\n\x00é'), max_size=30)


@given(JSON_VALUES, st.booleans(), st.sampled_from([None, 1, 4]))
def test_whatever_json_can_write_is_read(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert parse_json(budget(), json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


@given(JSON_VALUES, st.integers(0, 5))
def test_what_is_written_is_what_python_writes(value: Any, indent: int) -> None:
    text = json_of(budget(), value, indent)

    assert text == json.dumps(value, indent=indent or None)
    assert parse_json(budget(), text) == value


@given(SYNTAX | JSON_VALUES.map(json.dumps).map(lambda text: text[:-1]))
def test_only_json_is_read(text: str) -> None:
    try:
        expected = json.loads(text, parse_constant=lambda name: 1 / 0)
    except (ValueError, ZeroDivisionError):
        with pytest.raises(HogInputError, match="the text is not JSON"):
            parse_json(budget(), text)
    else:
        assert parse_json(budget(), text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"not JSON: expecting value \(character 1\)"),
        ('{"a": tru}', r"not JSON: expecting value \(character 7\)"),
        ("[1] 2", "not JSON: extra data"),
        ('{"a" 1}', "not JSON: expecting ':' delimiter"),
        ("\ufeff[]", "not JSON"),
        ("NaN", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ("9" * 309, "more than 1023 bits"),
        ("-" + "9" * 5000, "has 5,001 digits"),
        ("1e999", "a number in the JSON text is too large"),
        ("9" * 300 + "e99", "a number in the JSON text is too large"),
        (f"{'9' * 309}.5", "a number in the JSON text is too large"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(HogInputError, match=problem):
        parse_json(budget(), text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
        (str(2**1023 - 1), 2**1023 - 1),
        ("1." + "3" * 5000, 4 / 3),
        ("1e-999", 0.0),
        ("1e308", 1e308),
        ("[1e+007]", [1e7]),
        ('"' + "9" * 5000 + '"', "9" * 5000),
        ('"1e999 [[[ \\" NaN"', '1e999 [[[ " NaN'),
        (" [ ] ", []),
        ('"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_read(text: str, value: Any) -> None:
    assert parse_json(budget(), text) == value


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200 + "]" * 200,
        '{"a":' * 199 + "[]" + "}" * 199,
        "[" * 199 + '"' + "[" * 500 + '"' + "]" * 199,
        "[" + "[]," * 500 + "[]]",
    ],
    ids=["lists", "objects", "text", "wide"],
)
def test_nesting_that_is_read(text: str) -> None:
    assert parse_json(budget(), text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 201 + "]" * 201, '{"a":' * 201 + "1" + "}" * 201, "[" * 100_000, '[{"a":' * 50_000],
    ids=["lists", "objects", "brackets", "both"],
)
def test_nesting_that_is_not(text: str) -> None:
    with pytest.raises(HogInputError, match="nested deeper than 200 levels"):
        parse_json(budget(), text)


@pytest.mark.parametrize("text", ["]" * 300 + "[" * 400, '\\"' * 500 + "[" * 400, '"' + "[" * 500], ids=ascii)
def test_nesting_behind_a_mistake_does_not_matter(text: str) -> None:
    with pytest.raises(HogInputError):
        parse_json(budget(), text)


SHAPES = {
    "empty lists": "[" + "[]," * 30_000 + "[]]",
    "empty objects": "[" + "{}," * 30_000 + "{}]",
    "small lists": "[" + "[0]," * 30_000 + "[]]",
    "small objects": "[" + '{"":0},' * 20_000 + "{}]",
    "deep lists": "[" + "[[[[[1]]]]]," * 8_000 + "[]]",
    "deep objects": "[" + '{"a":{"b":{}}},' * 8_000 + "{}]",
    "small integers": "[" + "1," * 50_000 + "1]",
    "integers": "[" + "1000," * 30_000 + "1]",
    "floats": "[" + "1.5," * 30_000 + "1]",
    "large integers": "[" + f"{10**300}," * 3000 + "1]",
    "texts": "[" + '"ab",' * 30_000 + "1]",
    "wide texts": "[" + '"é€",' * 30_000 + "1]",
    "one wide character": '["' + "x" * 100_000 + '\N{GRINNING FACE}"]',
    "one escaped character": '["' + "x" * 100_000 + '\\ud83d\\ude00"]',
    "one object": "{" + ",".join(f'"{at:x}":{at}' for at in range(30_000)) + "}",
    "objects of six": "[" + '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1},' * 4000 + "{}]",
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_values_are_paid_for_before_they_are_made(shape: str) -> None:
    text = SHAPES[shape]
    tracemalloc.start()
    try:
        value = json.loads(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert value

    with pytest.raises(LimitExceeded) as stopped:
        parse_json(budget(memory=peak * 95 // 100), text)
    assert stopped.value.limit is Limit.MEMORY
    assert parse_json(budget(memory=8 * peak), text) == value


@pytest.mark.parametrize(
    "event",
    [
        {"$ai_input": [{"role": "user", "content": "What is it? " * 80, "n": at} for at in range(1000)]},
        {"$ai_input": [{"role": "user", "content": "Ω≈ç " * 20} for at in range(4000)]},
        {"embedding": [at / 7 for at in range(60_000)]},
        {"counts": [{"k": at, "v": None} for at in range(60_000)]},
        {"text": json.dumps(json.dumps({"a": ["{}"] * 100_000}))},
    ],
    ids=["conversation", "wide", "floats", "objects", "json in json"],
)
def test_a_megabyte_can_be_read(event: Any) -> None:
    text = json.dumps(event)
    assert len(text) > 0.9 * MIB

    assert parse_json(budget(), text) == event


def test_reading_is_paid_for() -> None:
    with pytest.raises(LimitExceeded) as stopped:
        parse_json(budget(steps=50_000), "[" + "1," * 100_000 + "1]")
    assert stopped.value.limit is Limit.STEPS
    with pytest.raises(LimitExceeded) as stopped:
        parse_json(budget(), " " * (16 * MIB + 1))
    assert stopped.value.limit is Limit.MEMORY


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, (2,)), "[1, [2]]"),
        ({1: 1, 2.5: 2, None: 4}, '{"1": 1, "2.5": 2, "null": 4}'),
        ({True: 1}, '{"true": 1}'),
        ({False: 0, 2.5: 1}, '{"false": 0, "2.5": 1}'),
        ([date(2025, 2, 7)], '["2025-02-07"]'),
        ([math.nan, math.inf, -math.inf], "[null, null, null]"),
        ({math.inf: 1}, '{"null": 1}'),
        (date(2025, 2, 7), '"2025-02-07"'),
        ([datetime(2025, 2, 7, tzinfo=UTC)], '["2025-02-07T00:00:00.000Z"]'),
        (function_value(lambda x: x), '"fn<lambda(1)>"'),
        (HogError("Mine", "m", [1]), '{"type": "Mine", "message": "m", "payload": [1]}'),
        (cycle(), "[1, null]"),
        ({"a": cycle()}, '{"a": [1, null]}'),
        ([[1]] * 2, "[[1], [1]]"),
        ("é\n\"\ud800", '"\\u00e9\\n\\"\\ud800"'),
        (2**1023 - 1, str(2**1023 - 1)),
    ],
    ids=ascii,
)  # fmt: skip
def test_what_json_has_no_form_for(value: Any, text: str) -> None:
    assert json_of(budget(), value) == text


def test_an_error_inside_its_payload_ends() -> None:
    payload: list[Any] = []
    error = HogError("Error", "m", payload)
    payload.append(error)

    assert json.loads(json_of(budget(), error)) == {"type": "Error", "message": "m", "payload": [None]}


def test_depth_of_what_is_written() -> None:
    assert json_of(budget(), nested(200)) == "[" * 200 + "]" * 200
    with pytest.raises(LimitExceeded) as stopped:
        json_of(budget(), nested(201))
    assert stopped.value.limit is Limit.NESTING


def test_reading_and_writing_work_at_the_bottom_of_deep_calls() -> None:
    def deep(levels: int) -> Any:
        return deep(levels - 1) if levels else parse_json(budget(), json_of(budget(), nested(200)))

    assert deep(sys.getrecursionlimit() - 700) == nested(200)


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 200_000])
def test_long_texts_are_written_in_blocks(length: int) -> None:
    text = ("é\N{GRINNING FACE}\\" * length)[:length]

    assert json_of(budget(), text) == json.dumps(text)


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (bomb(), Limit.STEPS),
        ([1] * 200_000, Limit.STEPS),
        ("\N{GRINNING FACE}" * (2 * MIB), Limit.MEMORY),
        (["x" * MIB] * 17, Limit.MEMORY),
    ],
    ids=["bomb", "items", "escapes", "shared"],
)
def test_writing_is_paid_for(value: Any, limit: Limit) -> None:
    steps = 100_000 if limit is Limit.STEPS else 20_000_000
    with pytest.raises(LimitExceeded) as stopped:
        json_of(budget(steps=steps), value)
    assert stopped.value.limit is limit


def test_escapes_are_not_written_before_they_are_paid_for() -> None:
    text = "\0" * (8 * MIB)  # six times as long in JSON
    tracemalloc.start()
    try:
        with pytest.raises(LimitExceeded):
            json_of(budget(), text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * MIB
