"""What the functions are charged: before they allocate, and in proportion to what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assay.domain.hog import patterns
from assay.domain.hog.budget import Budget
from assay.domain.hog.errors import Limit, LimitExceeded
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import MAX_ITEMS, MAX_TEXT, MIB, Limits
from assay.domain.hog.machine import HogMachine

from .caller import charged, limit_of, new_budget, run

BIG = "a" * 1_000_000

GROWING: list[tuple[str, tuple[Any, ...]]] = [
    ("concat", tuple([BIG] * 20)),
    ("replaceAll", (BIG, "a", "b" * 20)),
    ("replaceAll", (BIG, "", "b" * 20)),
    ("replaceOne", (BIG, "a", "b" * MAX_TEXT)),
    ("splitByString", ("a", BIG + "a")),
    ("splitByString", ("", BIG + "a")),
    ("base64Encode", ("a" * (MAX_TEXT - 1000),)),
    ("encodeURLComponent", ("é" * 3_000_000,)),
]


@pytest.mark.parametrize(("name", "arguments"), GROWING, ids=range(len(GROWING)))
def test_no_result_is_larger_than_the_limits(name: str, arguments: tuple[Any, ...]) -> None:
    machine = HogMachine()
    machine.budget = Budget(measure=lambda: 0)
    machine.budget.start(Limits(memory=1024 * MIB))
    with pytest.raises(LimitExceeded, match=f"{MAX_TEXT:,} characters|{MAX_ITEMS:,} items") as stopped:
        FUNCTIONS[name].implementation(machine, *arguments)
    assert stopped.value.limit is Limit.MEMORY


READING: list[tuple[str, Callable[[str], tuple[Any, ...]]]] = [
    ("concat", lambda text: (text, text)),
    ("lower", lambda text: (text,)),
    ("upper", lambda text: (text,)),
    ("reverse", lambda text: (text,)),
    ("trim", lambda text: (text,)),
    ("substring", lambda text: (text, 1)),
    ("position", lambda text: (text, "x")),
    ("positionCaseInsensitive", lambda text: (text, "x")),
    ("startsWith", lambda text: (text, text)),
    ("replaceAll", lambda text: (text, "a", "b")),
    ("replaceOne", lambda text: (text, "a", "b")),
    ("splitByString", lambda text: ("a", text)),
    ("like", lambda text: (text, "x")),
    ("ilike", lambda text: (text, "x%y")),
    ("match", lambda text: (text, "x+")),
    ("extractRegex", lambda text: (text, "(x)")),
    ("multiSearchAnyCaseInsensitive", lambda text: (text, ["x"])),
    ("base64Encode", lambda text: (text,)),
    ("tryBase64Decode", lambda text: (text,)),
    ("encodeURLComponent", lambda text: (text,)),
    ("decodeURLComponent", lambda text: (text,)),
    ("md5", lambda text: (text,)),
    ("sha256HmacChain", lambda text: ([text, text],)),
    ("sortableSemver", lambda text: (text,)),
]


@pytest.mark.parametrize(("name", "arguments_for"), READING, ids=[name for name, _ in READING])
def test_reading_is_charged_in_proportion(name: str, arguments_for: Callable[[str], tuple[Any, ...]]) -> None:
    few, many = charged(name, *arguments_for("a" * 6_400)), charged(name, *arguments_for("a" * 64_000))
    assert few >= 90
    assert 9 * few <= many + 200 <= 12 * few + 200


def test_steps_do_not_depend_on_what_was_compiled_before() -> None:
    pattern = "[a-f]+never seen before"
    assert charged("match", BIG, pattern) == charged("match", BIG, pattern)


def test_a_costly_pattern_costs_more() -> None:
    text = "ab" * 10_000
    assert charged("match", text, "[ab]*a[ab]{400}c") > 10 * charged("match", text, "[ab]*a[ab]{4}c")
    assert charged("match", text, "[ab]{900}c") > 10 * charged("like", text, "c" * 900)
    assert (
        limit_of(lambda: patterns.search(new_budget(steps=100_000), BIG, "[ab]*a[ab]{400}c")) == Limit.STEPS
    )


def test_only_the_latest_patterns_are_kept() -> None:
    """A program cannot fill the memory with patterns: each may take a mebibyte."""
    for number in range(100):
        assert patterns.search(new_budget(), f"x{number}", f"x{number}$")
    assert len(patterns._kept) == 32
    assert patterns.search(new_budget(), "x0", "x0$")
    assert len(patterns._kept) == 32


def test_compiling_looks_at_the_clock() -> None:
    budget = new_budget(seconds=0)
    assert (
        limit_of(lambda: patterns.search(budget, "a", "(a|b|c|d)+ compiled for the first time")) == Limit.TIME
    )


@pytest.mark.parametrize(
    "growth",
    [
        "concat(s, s)",
        "f'{s}{s}'",
        "replaceAll(s, 'a', 'aa')",
        "concat(encodeURLComponent(s), s)",
        "concat(base64Encode(s), s)",
        "concat(upper(s), reverse(s))",
    ],
    ids=range(6),
)
def test_texts_that_double_are_stopped(growth: str) -> None:
    assert limit_of(lambda: run(f"let s := 'aé'  while (true) {{ s := {growth} }}")) == Limit.MEMORY


def test_a_list_of_lists_of_the_same_is_not_printed_for_ever() -> None:
    source = "let a := ['x']  for (let i := 0; i < 40; i := i + 1) { a := [a, a] }  return concat(a)"
    assert limit_of(lambda: run(source)) in {Limit.STEPS, Limit.MEMORY}


def test_compiling_in_a_loop_is_stopped_by_the_clock() -> None:
    source = r"while (true) { try { match('x', p) } catch { } }"
    limits = Limits(seconds=0.2)
    assert limit_of(lambda: run(source, limits, p=r"\pL" * 300)) == Limit.TIME


def test_catastrophic_patterns_are_not() -> None:
    assert run("return match(s, '^(a+)+$')", s="a" * 50_000 + "!") is False
    assert run("return extractRegex(s, '(x+x+)+y')", s="x" * 50_000) == ""
    assert run("return s like '%a%a%a%a%a%a%a%a%a%a%b'", s="a" * 50_000) is False
