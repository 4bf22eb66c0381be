"""Error values, and what a program prints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assay.domain.hog.errors import HogThrown, Limit, LimitExceeded
from assay.domain.hog.machine import CUT_OFF
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


def test_print_shows_days_and_moments_as_such() -> None:
    assert printed("print(toDate('2025-02-07'))") == ["Date(2025, 2, 7)"]
    assert call("print", datetime(2025, 2, 7, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("source", "lines", "characters", "cut"),
    [
        ("for (let i := 0; i < 1000; i := i + 1) { print(1) }", 1000, 1000, False),
        ("for (let i := 0; i < 5000; i := i + 1) { print(1) } return true", 1001, 1000, True),
        ("print('x' * 65536)", 1, 65536, False),
        ("print('x' * 65537)", 2, 65536, True),
        ("for (let i := 0; i < 9; i := i + 1) { print('x' * 10000) } print('never')", 8, 65530, True),
    ],
)
def test_of_what_is_printed_so_much_is_kept(source: str, lines: int, characters: int, cut: bool) -> None:
    output = printed(source)
    assert len(output) == lines
    assert (output[-1] == CUT_OFF) is cut
    assert sum(len(line) for line in output if line != CUT_OFF) == characters


def test_printing_what_takes_too_long_to_show_stops() -> None:
    for name in ("print", "Error"):
        with pytest.raises(LimitExceeded) as stopped:
            limited(name, bomb(), steps=100_000)
        assert stopped.value.limit is Limit.STEPS
