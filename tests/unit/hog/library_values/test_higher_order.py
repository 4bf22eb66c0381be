"""Functions that call a function for every item of a list."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogRuntimeError, HogThrown, Limit, LimitExceeded
from tests.unit.hog.library_values.calls import SCALARS, call, function_value, limited, run

NOTHING = [None, [], (), {}, "abc", 5, True]


@pytest.mark.parametrize("holder", NOTHING)
def test_without_items_nothing_is_called(holder: Any) -> None:
    assert call("arrayMap", None, holder) == []
    assert call("arrayFilter", None, holder) == []
    assert call("arrayExists", None, holder) is False
    assert call("arrayCount", None, holder) == 0
    assert call("arrayReduce", None, holder, "start") == "start"


@given(st.lists(SCALARS, max_size=8))
def test_they_do_what_python_s_do(items: list[Any]) -> None:
    same = function_value(lambda x: x)
    joined = function_value(lambda a, b: [a, b], arity=2)
    folded: Any = 0
    for item in items:
        folded = [folded, item]

    assert call("arrayMap", function_value(lambda x: [x]), items) == [[item] for item in items]
    assert call("arrayFilter", same, items) == [item for item in items if item]
    assert call("arrayExists", same, items) is any(items)
    assert call("arrayCount", same, items) == sum(map(bool, items))
    assert call("arrayReduce", joined, items, 0) == folded


def test_tuples_and_values_of_objects_have_items() -> None:
    same = function_value(lambda x: x)

    assert call("arrayMap", same, (1, 2)) == [1, 2]
    assert call("arrayMap", same, {"a": 1, "b": 2}) == [1, 2]


def test_exists_stops_at_the_first() -> None:
    seen: list[Any] = []
    answer = call("arrayExists", function_value(lambda x: seen.append(x) or x == 2), [1, 2, 3])

    assert answer is True
    assert seen == [1, 2]


def test_they_go_through_the_items_of_the_start() -> None:
    items = [1, 2]
    answer = call("arrayMap", function_value(lambda x: items.append(x) or x), items)

    assert answer == [1, 2]


@pytest.mark.parametrize("name", ["arrayMap", "arrayFilter", "arrayExists", "arrayCount"])
def test_only_functions_can_be_called(name: str) -> None:
    with pytest.raises(HogRuntimeError, match="array is not a function"):
        call(name, [1], [1])
    with pytest.raises(HogRuntimeError, match="at most 0 arguments"):
        call(name, function_value(lambda: 1, arity=0), [1])


@pytest.mark.parametrize("name", ["arrayMap", "arrayFilter", "arrayExists", "arrayCount"])
def test_items_are_paid_for(name: str) -> None:
    with pytest.raises(LimitExceeded) as stopped:
        limited(name, function_value(lambda x: False), [1] * 200_000, steps=100_000)
    assert stopped.value.limit is Limit.STEPS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return arrayMap(x -> x * 2, [1, 2])", [2, 4]),
        ("return arrayMap(upper, ['a', 'b'])", ["A", "B"]),
        ("return arrayFilter(x -> x > 1, [1, 2, 3])", [2, 3]),
        ("return arrayCount(x -> x > 2, [1, 2, 3, 4, 5])", 3),
        ("return arrayExists(x -> x = 'a', null)", False),
        ("return arrayReduce((sum, x) -> sum + x, [1, 2, 3], 10)", 16),
        ("let each := arrayMap  return each(x -> x + 1, [1])", [2]),
        ("let n := 0  arrayMap(x -> { n := n + x }, [1, 2])  return n", 3),
        ("return arrayMap(x -> arrayMap(y -> x * y, [1, 2]), [3, 4])", [[3, 6], [4, 8]]),
        ("let f := x -> if(x == 0, 'end', arrayMap(f, [x - 1]))  return f(3)", [[["end"]]]),
    ],
)
def test_in_programs(source: str, expected: Any) -> None:
    assert run(source) == expected


def test_what_a_function_throws_goes_through() -> None:
    with pytest.raises(HogThrown, match="two"):
        run("arrayMap(x -> { if (x == 2) { throw Error('two') } }, [1, 2, 3])")
    assert run("try { arrayMap(x -> { throw Error('no') }, [1]) } catch (e) { return e.message }") == "no"


def test_functions_that_call_themselves_through_a_list_are_stopped() -> None:
    with pytest.raises(LimitExceeded) as stopped:
        run("fun f(x) { return arrayMap(f, [x]) }  f(1)")
    assert stopped.value.limit is Limit.CALL_DEPTH
