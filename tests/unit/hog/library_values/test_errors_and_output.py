"""Error values, and what a program prints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assay.domain.hog.errors import HogThrown, Limit, LimitExceeded
from assay.domain.hog.values import HogError
from tests.unit.hog.library_values.calls import bomb, call, limited, printed, run


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), HogError("Error", "An error occurred", None)),
        ((None, {"p": 1}), HogError("Error", "An error occurred", {"p": 1})),
        (("m",), HogError("Error", "m", None)),
        ((5,), HogError("Error", "5", None)),
        ((["it's"],), HogError("Error", "['it\\'s']", None)),
        (("",), HogError("Error", "", None)),
    ],
)
def test_errors(arguments: tuple[Any, ...], error: HogError) -> None:
    assert call("Error", *arguments) == error
    for kind in ("RetryError", "NotImplementedError"):
        assert call(kind, *arguments) == HogError(kind, error.message, error.payload)
    assert call("HogError", "Mine", *arguments) == HogError("Mine", error.message, error.payload)


def test_kinds() -> None:
    assert call("HogError", None, "m").type == "Error"
    assert call("HogError", 5, "m").type == "5"


def test_errors_in_programs() -> None:
    with pytest.raises(HogThrown) as thrown:
        run("throw HogError('Mine', 'm', [1])")
    assert thrown.value.error == HogError("Mine", "m", [1])
    assert run("try { throw RetryError() } catch (e: RetryError) { return e.message }") == "An error occurred"
    assert run("let e := Error('m', {'p': 1})  return [e.type, e.message, e.payload.p]") == ["Error", "m", 1]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("print()", [""]),
        ("print('a', 1, 1.0, null, true)", ["a 1 1.0 null true"]),
        ("print(['a', 1], {'k': 'it\\'s'}, (1, 2), [])", ["['a', 1] {'k': 'it\\'s'} (1, 2) []"]),
        ("print(Error('m', {'p': 1}), x -> x)", ["Error('m', {'p': 1}) fn<lambda(1)>"]),
        ("print('a')  print('b')", ["a", "b"]),
        ("arrayMap(print, [1, 2])", ["1", "2"]),
        ("return print('a')", ["a"]),
    ],
)
def test_print(source: str, lines: list[str]) -> None:
    assert printed(source) == lines


def test_print_shows_moments_in_words() -> None:
    assert printed("print(toDate('2025-02-07'))") == ["2025-02-07"]
    assert call("print", datetime(2025, 2, 7, tzinfo=UTC)) is None


def test_printing_too_much_stops() -> None:
    with pytest.raises(LimitExceeded) as stopped:
        run("while (true) { print('x') }")
    assert stopped.value.limit is Limit.OUTPUT
    with pytest.raises(LimitExceeded) as stopped:
        call("print", "x" * 100_000)
    assert stopped.value.limit is Limit.OUTPUT
    for name in ("print", "Error"):
        with pytest.raises(LimitExceeded) as stopped:
            limited(name, bomb(), steps=100_000)
        assert stopped.value.limit is Limit.STEPS
