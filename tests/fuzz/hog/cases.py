"""One case: something hostile is compiled, loaded and run, and whatever comes out is classified."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from assay.domain.hog.compiling import compile_source, compile_tree
from assay.domain.hog.errors import HogCompileError, HogException, Limit, LimitExceeded
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.printing import printed
from assay.domain.hog.program import InvalidProgram
from assay.domain.hog.tree import Tree
from assay.errors import HogUnavailable
from tests.fuzz.hog import sources, trees

SECONDS: Final = 4.0
"""Of processor time that a case may take: two for each time that it is run."""

LIMITS: Final = Limits(steps=200_000, seconds=15.0)
VALUES: Final = {
    "input": "what is 1 + 1?",
    "output": '{"answer": 2} yes',
    "properties": {"$ai_model": "gpt", "n": 1.5, "list": [1, None, {"k": "v"}]},
    "event": {"uuid": "1", "event": "$ai_generation", "distinct_id": "d"},
    "evaluation_events": [{"output": "x", "properties": {}}],
}
_NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
_KINDS: Final[tuple[Callable[[Random], tuple[str, Any]], ...]] = (
    lambda random: ("source", sources.source(random)),
    lambda random: ("source", sources.source(random)),
    lambda random: ("tree", trees.tree(random)),
    lambda random: ("bytecode", trees.bytecode(random)),
)


def made(seed: int, index: int) -> tuple[str, Any]:
    """The case of a number: what it is, and the source, tree or compiled program."""
    random = Random(f"{seed}/{index}")
    return random.choice(_KINDS)(random)


def verdict(seed: int, index: int) -> str:
    """What became of a case: a word if all is well; a text with `FOUND` if not."""
    kind, given = made(seed, index)
    started = time.process_time()
    try:
        word = _tried(kind, given)
    except HogUnavailable:
        return f"{kind} too busy"
    except BaseException as error:
        word = f"FOUND {type(error).__name__}: {error}"
    taken = time.process_time() - started
    return f"FOUND {word} after {taken:.1f} s" if taken > SECONDS else f"{kind} {word}"


def _tried(kind: str, given: Any) -> str:
    try:
        program = given
        if kind == "source":
            program = compile_source(given).bytecode
        elif kind == "tree":
            program = compile_tree(Tree(given)).bytecode
    except HogCompileError:
        return "refused"
    try:
        first = _ended(program)
    except InvalidProgram:
        # A compiled program that does not load was not made by the compiler.
        return "invalid" if kind == "bytecode" else "FOUND a program that compiles and does not load"
    except (NameError, TypeError) as error:
        # Only a forged program reads what was not set, or passes too few arguments.
        if kind != "bytecode":
            raise
        return f"forged {type(error).__name__}"
    second = first if first[0] == Limit.TIME else _ended(program)
    if (
        first != second
        and Limit.TIME not in (first[0], second[0])
        and Limit.MEMORY not in (first[0], second[0])
    ):
        return f"FOUND two ends: {first} and {second}"
    return str(first[0])


def _ended(program: Any) -> tuple[Any, ...]:
    """How a program ends: a word, and all that has to be the same the next time."""
    machine = HogMachine(now=lambda: _NOW, random=Random(7))
    executable = machine.load(program)
    try:
        value = executable.run(VALUES, LIMITS)
    except LimitExceeded as stopped:
        return stopped.limit, stopped.message, stopped.position, machine.budget.steps, machine.output
    except HogException as failed:
        return "failed", failed.message, failed.position, machine.budget.steps, machine.output
    steps, output = machine.budget.steps, machine.output
    machine.budget.start(Limits(steps=100_000))
    try:
        shown = printed(machine.budget, value)
    except LimitExceeded as stopped:
        shown = stopped.limit
    return "value", shown, None, steps, output
