"""Runs Hog programs in the process of the tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogCompileError, HogException, Limit, LimitExceeded
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.source import explain

NOW = datetime(2026, 3, 29, 12, 34, 56, 789000, tzinfo=UTC)

RECURSION_LIMIT = 10_000
"""What the processes that run programs set; calls of the deepest programs need it."""


@dataclass(frozen=True)
class Ran:
    """What a run came to."""

    value: Any
    output: list[str]
    steps: int


@contextmanager
def deep_recursion():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def run(source: str, values: Mapping[str, Any] | None = None, limits: Limits | None = None) -> Ran:
    """Compile and run a program; its clock stands still and its chances are always the same."""
    limits = limits or Limits()
    machine = HogMachine(now=lambda: NOW, random=Random(7))
    with deep_recursion():
        executable = machine.load(compile_source(source).bytecode)
        value = executable.run(values or {}, limits)
    return Ran(value, machine.output, limits.steps - machine.budget.steps)


def value_of(source: str, **values: Any) -> Any:
    """What a program returns."""
    return run(source, values).value


def output_of(source: str, **values: Any) -> list[str]:
    """What a program prints."""
    return run(source, values).output


def failure_of(source: str, **values: Any) -> HogException:
    """How a program fails."""
    with pytest.raises(HogException) as caught:
        run(source, values)
    return caught.value


def limit_of(source: str, limits: Limits | None = None) -> Limit:
    """Which limit stops a program."""
    with pytest.raises(LimitExceeded) as caught:
        run(source, None, limits)
    return caught.value.limit


def refusal_of(source: str) -> str:
    """Why a source does not compile."""
    with pytest.raises(HogCompileError) as caught:
        compile_source(source)
    return explain(source, caught.value)
