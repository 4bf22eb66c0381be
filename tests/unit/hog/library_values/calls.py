"""Calling functions of the standard library, alone and in programs."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st

from assay.domain.hog.budget import Budget
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.values import HogFunction


def machine() -> HogMachine:
    return HogMachine(random=Random(1))


def call(name: str, *arguments: Any) -> Any:
    return FUNCTIONS[name].implementation(machine(), *arguments)


def limited(name: str, *arguments: Any, **limits: Any) -> Any:
    """Call a function with less than the usual limits."""
    tight = machine()
    tight.budget.start(Limits(**limits))
    return FUNCTIONS[name].implementation(tight, *arguments)


def budget(**limits: Any) -> Budget:
    """A budget whose process never grows, so that only what is charged at once counts."""
    made = Budget(measure=lambda: 0)
    made.start(Limits(**limits))
    return made


def run(source: str, **values: Any) -> Any:
    return machine().load(compile_source(source).bytecode).run(values, Limits())


def printed(source: str) -> list[str]:
    """The lines that a program prints."""
    used = machine()
    used.load(compile_source(source).bytecode).run({}, Limits())
    return used.output


def function_value(body: Any, arity: int = 1) -> HogFunction:
    return HogFunction(body, "lambda", arity)


def nested(levels: int) -> list[Any]:
    """Lists within each other."""
    made: list[Any] = []
    for _ in range(levels - 1):
        made = [made]
    return made


def bomb(levels: int = 40) -> list[Any]:
    """A small value that looks as if it had 2 to the power of `levels` items."""
    made: list[Any] = [1]
    for _ in range(levels):
        made = [made, made]
    return made


def cycle() -> list[Any]:
    made: list[Any] = [1]
    made.append(made)
    return made


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=5)
)
JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**1000), 2**1000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(), max_size=8),
)
JSON_VALUES = st.recursive(
    JSON_SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)
