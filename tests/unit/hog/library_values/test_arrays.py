"""Lists and dictionaries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.domain.hog.errors import HogInputError, Limit, LimitExceeded
from tests.unit.hog.library_values.calls import SCALARS, bomb, call, cycle, limited, printed, run

LISTS = st.lists(SCALARS, max_size=8)
NOT_LISTS = [None, 5, "abc", (1, 2), {"a": 1}, True]


@pytest.mark.parametrize(
    ("holder", "keys", "values"),
    [
        ({"a": 1, 2: "b"}, ["a", 2], [1, "b"]),
        ([7, 8], [0, 1], [7, 8]),
        ((7,), [0], [7]),
        ([], [], []),
        (None, [], []),
        ("abc", [], []),
        (5, [], []),
    ],
)
def test_keys_and_values(holder: Any, keys: list[Any], values: list[Any]) -> None:
    assert call("keys", holder) == keys
    assert call("values", holder) == values


@pytest.mark.parametrize(
    ("items", "wanted", "position"),
    [
        ([1, 2, 3], 3, 3),
        ([1, 2, 1], 1, 1),
        ([1, 2], 2.0, 2),
        ([1.0, 2.0], 2, 2),
        (["1"], 1, 0),
        ([1], "1", 0),
        ([None], None, 1),
        ([[1], [2, 3]], [2.0, 3], 2),
        ([(1,)], [1], 0),
        ([{"a": 1}], {"a": 1.0}, 1),
        ([], 1, 0),
        *((other, "a", 0) for other in NOT_LISTS),
    ],
)
def test_has_and_index_of(items: Any, wanted: Any, position: int) -> None:
    assert call("indexOf", items, wanted) == position
    assert call("has", items, wanted) is (position > 0)


@pytest.mark.parametrize("other", NOT_LISTS)
def test_what_is_no_list_counts_as_an_empty_one(other: Any) -> None:
    assert call("arrayPushBack", other, 1) == [1]
    assert call("arrayPushFront", other, 1) == [1]
    for name in ("arrayPopBack", "arrayPopFront", "arrayReverse", "arraySort", "arrayReverseSort"):
        assert call(name, other) == []
    assert call("arrayStringConcat", other, ",") == ""


@given(LISTS, SCALARS)
def test_new_lists_are_those_of_python(items: list[Any], item: Any) -> None:
    before = list(items)

    assert call("arrayPushBack", items, item) == [*items, item]
    assert call("arrayPushFront", items, item) == [item, *items]
    assert call("arrayPopBack", items) == items[:-1]
    assert call("arrayPopFront", items) == items[1:]
    assert call("arrayReverse", items) == items[::-1]
    assert call("values", items) == items
    assert call("tuple", *items) == tuple(items)
    assert items == before
    for name in ("values", "arrayReverse", "arraySort", "arrayReverseSort"):
        assert call(name, items) is not items


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([1, 2, 3], ","), "1,2,3"),
        ((["a", None, True, 1.0],), "anulltrue1.0"),
        ((["a", ["b"]], None), "a['b']"),
        ((["", ""], "-"), "-"),
        (([], "-"), ""),
    ],
)
def test_array_string_concat(arguments: tuple[Any, ...], text: str) -> None:
    assert call("arrayStringConcat", *arguments) == text


def test_a_separator_is_a_text() -> None:
    with pytest.raises(HogInputError, match="arrayStringConcat needs a text, not an integer"):
        call("arrayStringConcat", [1], 5)


@given(st.lists(st.text(max_size=5), max_size=8), st.text(max_size=3))
def test_array_string_concat_joins_as_python_does(texts: list[str], separator: str) -> None:
    assert call("arrayStringConcat", texts, separator) == separator.join(texts)


@pytest.mark.parametrize(
    ("bounds", "numbers"),
    [
        ((5,), [0, 1, 2, 3, 4]),
        ((3, 6), [3, 4, 5]),
        ((-2, 1), [-2, -1, 0]),
        ((6 / 2,), [0, 1, 2]),
        ((0,), []),
        ((-5,), []),
        ((6, 3), []),
        ((2**1000, 2**1000 + 2), [2**1000, 2**1000 + 1]),
    ],
)
def test_range(bounds: tuple[Any, ...], numbers: list[int]) -> None:
    assert call("range", *bounds) == numbers


@pytest.mark.parametrize("bounds", [(None,), (3, None), ("5",), (1.5,), (True,), (float("inf"),)])
def test_range_counts_in_integers(bounds: tuple[Any, ...]) -> None:
    with pytest.raises(HogInputError, match="range needs an integer"):
        call("range", *bounds)


@pytest.mark.parametrize("bounds", [(50_000_000,), (10**300,), (-(10**300), 10**300), (1e300,)], ids=str)
def test_no_range_is_made_that_does_not_fit(bounds: tuple[Any, ...]) -> None:
    with pytest.raises(LimitExceeded) as stopped:
        call("range", *bounds)
    assert stopped.value.limit is Limit.MEMORY


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("has", ([bomb()], bomb())),
        ("indexOf", ([bomb()], bomb())),
        ("arrayStringConcat", ([bomb()],)),
        ("has", ([5] * 200_000, 6)),
        ("arrayStringConcat", ([""] * 200_000,)),
        ("keys", ([5] * 200_000,)),
        ("range", (200_000,)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_items_are_paid_for(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(LimitExceeded) as stopped:
        limited(name, *arguments, steps=100_000)
    assert stopped.value.limit is Limit.STEPS


@pytest.mark.parametrize("name", ["arrayReverse", "arrayPopBack", "arrayPopFront"])
def test_copies_are_cheaper_than_looks_and_paid_for(name: str) -> None:
    items = [5] * 200_000
    assert len(limited(name, items, steps=13_000)) >= 199_999
    with pytest.raises(LimitExceeded) as stopped:
        limited(name, items, steps=12_000)
    assert stopped.value.limit is Limit.STEPS


def test_a_program_can_collect_twenty_thousand_items_one_by_one() -> None:
    source = "let xs := [] for (let i in range(20000)) { xs := arrayPushBack(xs, i) } return length(xs)"
    assert run(source) == 20_000


def test_cycles_end() -> None:
    with pytest.raises(LimitExceeded) as stopped:
        call("has", [cycle()], cycle())
    assert stopped.value.limit is Limit.NESTING
    assert call("arrayStringConcat", cycle(), ", ") == "1, [1, null]"


def test_a_text_that_would_be_too_long_is_not_made() -> None:
    with pytest.raises(LimitExceeded) as stopped:
        call("arrayStringConcat", ["x" * 2**20] * 17)
    assert stopped.value.limit is Limit.MEMORY


def test_in_programs() -> None:
    assert printed("print(range(3), keys({'a': 1}), tuple(), tuple(1, 2))") == [
        "[0, 1, 2] ['a'] tuple() (1, 2)"
    ]
    assert run("let a := [1, 2]  arrayPushBack(a, 3)  return a") == [1, 2]
    assert run("let up := arrayPushBack  return up([1], 2)") == [1, 2]
    assert run("let sum := 0  for (let i in range(20000)) { sum := sum + i }  return sum") == 199_990_000
