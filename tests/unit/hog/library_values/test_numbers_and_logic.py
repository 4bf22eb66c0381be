"""Arithmetic, decisions and comparisons as functions."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, HogRuntimeError, LimitExceeded
from tests.unit.hog.library_values.calls import SCALARS, bomb, call, limited, run

NUMBERS = st.one_of(st.integers(-(2**1000), 2**1000), st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize(
    ("number", "floored", "rounded"),
    [
        (3.99, 3, 4),
        (3.5, 3, 4),
        (2.5, 2, 2),
        (-2.5, -3, -2),
        (-0.5, -1, 0),
        (7, 7, 7),
        (True, 1, 1),
        (1e20, 10**20, 10**20),
        (None, None, None),
        (math.inf, math.inf, math.inf),
    ],
)
def test_floor_and_round(number: Any, floored: Any, rounded: Any) -> None:
    for name, expected in (("floor", floored), ("round", rounded)):
        assert call(name, number) == expected
        assert type(call(name, number)) is type(expected)
        assert call(name, number, 2) == expected


def test_nan_stays_nan() -> None:
    assert math.isnan(call("floor", math.nan))
    assert math.isnan(call("round", math.nan))


@pytest.mark.parametrize("name", ["floor", "round"])
def test_what_cannot_be_rounded(name: str) -> None:
    with pytest.raises(HogInputError, match=f"{name} needs a number, not a string"):
        call(name, "1.5")
    with pytest.raises(HogInputError, match="more than 1023 bits"):
        call(name, 1.7e308)


@given(NUMBERS, NUMBERS)
def test_lesser_and_greater_as_python_s(a: Any, b: Any) -> None:
    assert call("min2", a, b) == min(a, b)
    assert call("max2", a, b) == max(a, b)


@pytest.mark.parametrize(
    ("a", "b", "least", "greatest"),
    [
        ("a", "b", "a", "b"),
        ([1, 2], [1, 3], [1, 2], [1, 3]),
        (date(2025, 1, 1), datetime(2025, 1, 1, 5, tzinfo=UTC), date(2025, 1, 1), datetime(2025, 1, 1, 5, tzinfo=UTC)),
        (None, 5, None, None),
        (5, None, None, None),
    ],
)  # fmt: skip
def test_lesser_and_greater_of_others(a: Any, b: Any, least: Any, greatest: Any) -> None:
    assert call("min2", a, b) == least
    assert call("max2", a, b) == greatest


def test_sums() -> None:
    assert call("plus", 10, 5.5) == 15.5
    assert call("plus", "a", "b") == "ab"
    assert call("minus", 10, 5) == 5
    with pytest.raises(HogInputError):
        call("plus", 1, "2")
    with pytest.raises(HogInputError):
        call("minus", "b", "a")
    with pytest.raises(LimitExceeded):
        call("plus", 2**1023 - 1, 1)


def test_random_numbers_come_from_the_machine() -> None:
    assert call("randomFloat") == call("randomFloat")
    assert 0 <= call("randomFloat") < 1
    assert run("return randomFloat() == randomFloat()") is False


@given(st.lists(SCALARS, min_size=1, max_size=5))
def test_truth(values: list[Any]) -> None:
    assert call("and", *values) is all(values)
    assert call("or", *values) is any(values)
    assert call("not", values[0]) is (not values[0])
    assert call("if", values[0], "yes", "no") == ("yes" if values[0] else "no")


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ((True, 1, 2), 1),
        ((False, 1, 2), 2),
        ((0, 1, "x", 2, 3), 2),
        ((None, 1, "", 2, 3), 3),
    ],
)
def test_multi_if(cases: tuple[Any, ...], expected: Any) -> None:
    assert call("multiIf", *cases) == expected


def test_multi_if_needs_a_value_at_the_end() -> None:
    with pytest.raises(HogRuntimeError, match="multiIf takes pairs"):
        call("multiIf", True, 1, False, 2)


@pytest.mark.parametrize(
    ("needle", "haystack", "expected"),
    [
        ("a", ["a", "b"], True),
        ("z", ("a", "b"), False),
        (1.0, [1], True),
        ("1", [1], False),
        ("nan", "banana", True),
        ("k", {"k": 1}, True),
        ("v", {"k": "v"}, False),
        ("a", None, False),
    ],
)
def test_in(needle: Any, haystack: Any, expected: bool) -> None:
    assert call("in", needle, haystack) is expected


def test_nothing_is_in_a_number() -> None:
    with pytest.raises(HogInputError):
        call("in", 1, 11)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 1, True),
        (1, 1.0, True),
        (1, "1", False),
        (True, "true", False),
        ("a", "a", True),
        (None, None, True),
        (None, 0, False),
        ([1, {"a": 2}], [1.0, {"a": 2.0}], True),
        ([1], (1,), False),
        (date(2025, 1, 1), "2025-01-01", False),
    ],
)
def test_equality_is_without_coercion(a: Any, b: Any, expected: bool) -> None:
    for one, other in ((a, b), (b, a)):
        assert call("equals", one, other) is expected
        assert call("notEquals", one, other) is not expected


@given(st.one_of(st.tuples(NUMBERS, NUMBERS), st.tuples(st.text(max_size=3), st.text(max_size=3))))
def test_comparisons_are_those_of_python(pair: tuple[Any, Any]) -> None:
    a, b = pair

    assert call("less", a, b) is (a < b)
    assert call("lessOrEquals", a, b) is (a <= b)
    assert call("greater", a, b) is (a > b)
    assert call("greaterOrEquals", a, b) is (a >= b)


ORDERS = ["less", "lessOrEquals", "greater", "greaterOrEquals"]


@pytest.mark.parametrize("name", ORDERS)
def test_null_and_nan_are_in_no_order(name: str) -> None:
    for other in (None, 1, "a", [], {}):
        assert call(name, None, other) is False
        assert call(name, other, None) is False
    assert call(name, math.nan, 1) is False
    assert call(name, math.nan, math.nan) is False


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize(
    ("a", "b"),
    [(1, "2"), ("2", 1), (True, "true"), (date(2025, 1, 1), "2025-01-02"), ({}, {}), ([], 1), (1, {}), ("a", [])],
    ids=ascii,
)  # fmt: skip
def test_what_has_no_order(name: str, a: Any, b: Any) -> None:
    with pytest.raises(HogInputError):
        call(name, a, b)


def test_comparing_bombs_stops() -> None:
    for name in ("equals", "notEquals", "less", "min2"):
        with pytest.raises(LimitExceeded):
            limited(name, bomb(), bomb(), steps=100_000)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return [equals(1, '1'), equals(1, 1.0), 1 == '1']", [False, True, True]),
        ("return [round(2.5), floor(-0.5), min2(3, 5), plus(10, 5), minus(10, 5)]", [2, -1, 3, 15, 5]),
        ("return [or(0, 1), and(1, 'x'), not(true), in('a', tuple('a'))]", [True, True, False, True]),
        ("return [greater(2, 1), greaterOrEquals(2, 2), less(null, 1)]", [True, True, False]),
        ("let choose := multiIf  return choose(false, 1, true, 2, 3)", 2),
        ("return arrayReduce(max2, [3, 9, 2], 0)", 9),
        ("try { less(1, 'a') } catch (e) { return e.message }", "less cannot compare integer and string"),
    ],
)
def test_in_programs(source: str, expected: Any) -> None:
    assert run(source) == expected
