"""Tests of values, and conversions between their types."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, HogRuntimeError, Limit, LimitExceeded
from assay.domain.hog.values import HogError
from tests.unit.hog.library_values.calls import bomb, call, cycle, function_value, limited, run

DAY = date(2025, 2, 7)
MOMENT = datetime(2025, 2, 7, 10, 30, 0, 500_000, tzinfo=UTC)
FUNCTION = function_value(lambda x: x)
ERROR = HogError("Error", "m")


@pytest.mark.parametrize("value", [None, "", [], (), {}])
def test_what_is_empty(value: Any) -> None:
    assert call("empty", value) is True
    assert call("notEmpty", value) is False


@pytest.mark.parametrize(
    "value", [0, 1, 0.0, False, True, " ", "0", [None], (0,), {"": None}, DAY, MOMENT, FUNCTION, ERROR]
)
def test_what_is_not_empty(value: Any) -> None:
    assert call("empty", value) is False
    assert call("notEmpty", value) is True


@pytest.mark.parametrize("value", [0, False, "", [], {}, ERROR])
def test_only_null_is_null(value: Any) -> None:
    assert (call("isNull", None), call("isNotNull", None)) == (True, False)
    assert (call("isNull", value), call("isNotNull", value)) == (False, True)
    assert call("ifNull", value, 5) is value
    assert call("coalesce", None, value, 5) is value
    assert call("assumeNotNull", value) is value


def test_in_place_of_null() -> None:
    assert call("ifNull", None, 5) == 5
    assert call("coalesce", None, None) is None
    with pytest.raises(HogRuntimeError, match="assumeNotNull met null"):
        call("assumeNotNull", None)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"), (True, "boolean"), (1, "integer"), (1.0, "float"), ("", "string"), ([], "array"),
        ((), "tuple"), ({}, "object"), (DAY, "date"), (MOMENT, "datetime"), (FUNCTION, "function"), (ERROR, "error"),
    ],
)  # fmt: skip
def test_typeof(value: Any, name: str) -> None:
    assert call("typeof", value) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (-5, "-5"),
        (1.0, "1.0"),
        ("it's", "it's"),
        (["it's", None], "['it\\'s', null]"),
        ((1, 2), "(1, 2)"),
        ({"a": {"b": 1}}, "{'a': {'b': 1}}"),
        (DAY, "2025-02-07"),
        (MOMENT, "2025-02-07T10:30:00.500Z"),
        (ERROR, "Error('m')"),
        (FUNCTION, "fn<lambda(1)>"),
        (cycle(), "[1, null]"),
    ],
)
def test_to_string(value: Any, text: str) -> None:
    assert call("toString", value) == text
    assert call("toUUID", value) == text


def test_to_string_of_a_moment_in_a_zone() -> None:
    assert call("toString", MOMENT, "Asia/Tokyo") == "2025-02-07T19:30:00.500+09:00"
    assert call("toString", MOMENT, None) == "2025-02-07T10:30:00.500Z"
    assert call("toString", 5, "Asia/Tokyo") == "5"
    with pytest.raises(HogRuntimeError, match="unknown time zone"):
        call("toString", MOMENT, "Mars/Olympus")
    with pytest.raises(HogInputError, match="toString needs the name of a time zone"):
        call("toString", MOMENT, 5)


def test_to_string_of_a_bomb_stops() -> None:
    with pytest.raises(LimitExceeded) as stopped:
        limited("toString", bomb(), steps=100_000)
    assert stopped.value.limit is Limit.STEPS


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (True, 1),
        (False, 0),
        (1.9, 1),
        (-1.9, -1),
        (1e20, 10**20),
        ("12", 12),
        (" -12\n", -12),
        ("+7", 7),
        ("007", 7),
        ("1.9", None),
        ("1e3", None),
        ("1_000", None),
        ("٣", None),
        ("0x10", None),
        ("", None),
        ("- 5", None),
        ("9" * 308, 10**308 - 1 if (10**308).bit_length() <= 1023 else None),
        ("9" * 5000, None),
        (1.7e308, None),
        (math.nan, None),
        (math.inf, None),
        (None, None),
        ([1], None),
        ((1,), None),
        ({}, None),
        (ERROR, None),
        (DAY, 20126),
        (MOMENT, 1738924200),
        (date(1969, 12, 31), -1),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_to_int(value: Any, number: int | None) -> None:
    result = call("toInt", value)

    assert result == number
    assert type(result) is type(number)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0),
        (True, 1.0),
        (1.9, 1.9),
        (2**1022, 2.0**1022),
        (math.inf, math.inf),
        ("1.9", 1.9),
        (" -1.5e3 ", -1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("nan", None),
        ("inf", None),
        ("1,5", None),
        ("", None),
        (None, None),
        ([1], None),
        (DAY, 20126.0),
        (MOMENT, 1738924200.5),
    ],
    ids=ascii,
)
def test_to_float(value: Any, number: float | None) -> None:
    result = call("toFloat", value)

    assert result == number
    assert type(result) is type(number)


@given(st.integers(-(2**1023) + 1, 2**1023 - 1), st.sampled_from(["{}", " {}\t", "+{}", "0{}"]))
def test_to_int_reads_what_python_reads(number: int, form: str) -> None:
    text = form.format(number)
    try:
        expected: int | None = int(text)
    except ValueError:  # "+-5"
        expected = None

    assert call("toInt", text) == expected
    assert call("toInt", number) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_text(number: float) -> None:
    assert call("toFloat", call("toString", number)) == number
    assert call("toFloat", f" {number!r}") == number
    assert call("toInt", number) in (int(number), None)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_seconds_of_a_moment(moment: datetime) -> None:
    assert call("toFloat", moment) == pytest.approx(moment.timestamp())
    assert call("toInt", moment) == int(moment.timestamp())


def test_in_programs() -> None:
    assert run("return toInt('12') + toFloat('0.5') + toInt(true)") == 13.5
    assert run("return toInt('x') ?? -1") == -1
    assert run("return arrayMap(typeof, [null, 1, 'a', x -> x])") == ["null", "integer", "string", "function"]
    assert run("return coalesce(null, properties.nope, 'd')", properties={}) == "d"
    assert run("try { assumeNotNull(null) } catch (e) { return e.message }") == "assumeNotNull met null"
