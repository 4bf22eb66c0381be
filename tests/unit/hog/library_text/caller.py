"""Calls library functions as a program does, on a machine whose budget the test sets."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st

from assay.domain.hog.budget import Budget
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogInputError, LimitExceeded
from assay.domain.hog.library import FUNCTIONS
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine

SURROGATE = "\ud800"

TEXTS = st.text(st.characters(), max_size=60) | st.text("aAbB%_\nßẞİKkςΣσ😀é" + SURROGATE, max_size=30)
"""Texts, lone surrogates among them; the second kind repeats itself and has letters that case makes odd."""


def new_budget(**limits: Any) -> Budget:
    """A budget that measures nothing, so that only what is charged counts."""
    budget = Budget(measure=lambda: 0)
    budget.start(Limits(**limits))
    return budget


def call(name: str, *arguments: Any) -> Any:
    """What a library function returns."""
    machine = HogMachine(random=Random(1))
    return FUNCTIONS[name].implementation(machine, *arguments)


def refuses(name: str, *arguments: Any) -> str:
    """What a library function says about arguments that it cannot work on."""
    with pytest.raises(HogInputError) as refused:
        call(name, *arguments)
    return refused.value.message


def charged(name: str, *arguments: Any) -> int:
    """Steps that a call takes."""
    machine = HogMachine()
    call_on(machine, name, *arguments)
    return Limits().steps - machine.budget.steps


def call_on(machine: HogMachine, name: str, *arguments: Any) -> Any:
    """What a library function returns on a machine."""
    return FUNCTIONS[name].implementation(machine, *arguments)


def run(source: str, limits: Limits | None = None, /, **values: Any) -> Any:
    """What a program returns."""
    machine = HogMachine()
    return machine.load(compile_source(source).bytecode).run(values, limits or Limits())


def limit_of(work: Callable[[], Any]) -> str:
    """The limit that stops some work."""
    with pytest.raises(LimitExceeded) as stopped:
        work()
    return stopped.value.limit
