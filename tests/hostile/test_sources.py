"""Hostile sources are compiled and run, or refused with a sentence, in reasonable time."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import pytest

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogCompileError, HogException, LimitExceeded
from assay.domain.hog.limits import MAX_BLOCK_NESTING, Limits
from assay.domain.hog.machine import HogMachine
from tests.hostile.sources import DEEP, FULL, SLOW
from tests.unit.hog.programs import deep_recursion, refusal_of

LIMITS = Limits(steps=200_000, seconds=60.0)


def compile_and_run(source: str) -> None:
    """A program that compiles can be loaded, and ends like any other."""
    machine = HogMachine()
    executable = machine.load(compile_source(source).bytecode)
    with suppress(HogException, LimitExceeded):
        executable.run({"a": None}, LIMITS)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("source", FULL.values(), ids=FULL)
def test_a_source_full_of_one_thing_is_compiled_or_refused(source: str) -> None:
    with deep_recursion(), suppress(HogCompileError):
        compile_and_run(source)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_whatever_is_deep_and_compiles_runs(source: str) -> None:
    with deep_recursion():
        compile_and_run(source)


@pytest.mark.parametrize(
    "source",
    [
        "while (a) " * (MAX_BLOCK_NESTING + 1) + "{ }",
        "for (let x in a) " * (MAX_BLOCK_NESTING + 1) + "{ }",
        "try { " * (MAX_BLOCK_NESTING + 1) + "a" + " } catch { }" * (MAX_BLOCK_NESTING + 1),
        "try { a } catch { " * (MAX_BLOCK_NESTING // 2 + 1) + "}" * (MAX_BLOCK_NESTING // 2 + 1),
    ],
    ids=["while", "for", "try", "catch"],
)
def test_more_blocks_than_python_compiles_are_refused(source: str) -> None:
    assert "move the inner ones into a function" in refusal_of(source)


@pytest.mark.parametrize("source", SLOW.values(), ids=SLOW)
def test_a_process_that_reads_slowly_can_be_ended(source: str) -> None:
    """The parser holds the interpreter's lock, so only the system can stop it; nothing crashes before."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (1, 1));"
        "from assay.domain.hog.compiling import compile_source; compile_source(sys.stdin.read())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], input=source, text=True, capture_output=True, check=False
    )
    assert ended.returncode in (-24, -9) or "HogCompileError" in ended.stderr
