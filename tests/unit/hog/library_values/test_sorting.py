"""The order of any values."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import Limit, LimitExceeded
from assay.domain.hog.values import HogError
from tests.unit.hog.library_values.calls import bomb, call, cycle, function_value, limited, nested, run

FIRST = datetime.fromisoformat("2000-01-01")
LAST = datetime.fromisoformat("2030-01-01")
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False))
ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.dates(),
        st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC)),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("items", "ordered"),
    [
        ([2, 10, 1], [1, 2, 10]),
        ([2.5, -1, 2**70, -math.inf], [-math.inf, -1, 2.5, 2**70]),
        (["b", "a", "B", "10", "9"], ["10", "9", "B", "a", "b"]),
        (["a", 1, "1", 2.0], [1, 2.0, "1", "a"]),
        ([None, math.nan, 1, "a"], [1, "a", math.nan, None]),
        ([True, 5, "x", False], [5, "x", False, True]),
        ([date(2025, 12, 1), date(2025, 2, 7)], [date(2025, 2, 7), date(2025, 12, 1)]),
        ([[10], [2, 1], [2]], [[2], [2, 1], [10]]),
        ([{"a": 2}, {"a": 1}, [9]], [[9], {"a": 1}, {"a": 2}]),
        ([], []),
    ],
    ids=ascii,
)
def test_order(items: list[Any], ordered: list[Any]) -> None:
    assert str(call("arraySort", items)) == str(ordered)


def test_moments_are_ordered_by_time_whatever_their_clocks_show() -> None:
    first = datetime(2025, 1, 1, 10, tzinfo=timezone(timedelta(hours=5)))
    second = datetime(2025, 1, 1, 6, tzinfo=UTC)

    assert call("arraySort", [second, date(2025, 1, 2), first]) == [first, second, date(2025, 1, 2)]


def test_nan_and_null_stay_last_in_reverse() -> None:
    assert str(call("arrayReverseSort", [None, 1, math.nan, 3, "a"])) == str(["a", 3, 1, math.nan, None])


def test_further_arguments_mean_nothing() -> None:
    assert call("arraySort", [2, 1], function_value(lambda x: -x)) == [1, 2]
    assert call("arrayReverseSort", [1, 2], 5, 6) == [2, 1]


@given(st.lists(NUMBERS) | st.lists(st.text(max_size=3)) | st.lists(st.integers()))
def test_numbers_and_texts_are_sorted_as_python_does(items: list[Any]) -> None:
    before = list(items)

    assert call("arraySort", items) == sorted(items)
    assert call("arrayReverseSort", items) == sorted(items, reverse=True)
    assert items == before


@given(st.lists(ANYTHING, max_size=8), st.randoms())
def test_the_order_does_not_depend_on_the_order_before(items: list[Any], random: Any) -> None:
    ordered = call("arraySort", items)
    shuffled = list(items)
    random.shuffle(shuffled)

    assert list(map(_in_one_domain, call("arraySort", shuffled))) == list(map(_in_one_domain, ordered))
    assert sorted(map(id, ordered)) == sorted(map(id, items))


@given(st.lists(ANYTHING, min_size=3, max_size=3))
def test_the_order_is_total(items: list[Any]) -> None:
    ordered = call("arraySort", items)
    for a, b in pairwise(ordered):
        assert call("arraySort", [b, a])[0] is a or _in_one_domain(a) == _in_one_domain(b)


@given(st.lists(st.sampled_from([1, 1.0, 2, 2.0]), max_size=10))
def test_equal_values_keep_their_order(items: list[Any]) -> None:
    assert str(call("arraySort", items)) == str(sorted(items))
    assert str(call("arrayReverseSort", items)) == str(sorted(items, reverse=True))


def _in_one_domain(value: Any) -> str:
    """A text that is the same for equal values."""
    if isinstance(value, list):
        return str(list(map(_in_one_domain, value)))
    if isinstance(value, date) and not isinstance(value, datetime):
        return str(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@pytest.mark.parametrize(
    "items",
    [
        [bomb(), 1],
        [list(range(1000))] * 200,
        ["x" * 100_000 + "y", "x" * 100_000] * 100,
        [1.5] * 30_000,
        list(range(50_000)),
    ],
    ids=["bomb", "shared", "texts", "floats", "integers"],
)
def test_what_is_compared_is_paid_for(items: list[Any]) -> None:
    with pytest.raises(LimitExceeded) as stopped:
        limited("arraySort", items, steps=100_000)
    assert stopped.value.limit is Limit.STEPS


def test_nesting() -> None:
    assert call("arraySort", [nested(150), nested(149)]) == [nested(149), nested(150)]
    with pytest.raises(LimitExceeded) as stopped:
        call("arraySort", [cycle(), cycle()])
    assert stopped.value.limit is Limit.NESTING


def test_errors_and_functions_have_a_place() -> None:
    error = HogError("Error", "m", [1])
    function = function_value(lambda x: x)

    assert call("arraySort", [function, error, {}]) == [error, function, {}]


def test_in_programs() -> None:
    assert run("return arraySort([3, 'a', 1, null])") == [1, 3, "a", None]
    assert run("let xs := [2, 1]  arraySort(xs)  return xs") == [2, 1]
