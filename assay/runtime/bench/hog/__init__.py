"""`assay bench hog`: the machine against a plain tree-walking interpreter, and evaluations in processes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from assay.adapters.hog.processes import HogProcesses
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.evaluation import evaluate
from assay.domain.hog.limits import Limits
from assay.domain.hog.machine import HogMachine
from assay.domain.hog.outcomes import CompiledProgram, HogTarget
from assay.errors import WorkError
from assay.runtime.bench.hog.programs import EVALUATION, PROGRAMS, target
from assay.runtime.bench.hog.tree_walker import TreeWalker

_UNLIMITED: Final = Limits(steps=10**12, seconds=600)
_MEMORY_MB: Final = 256
_BATCH: Final = 200
"""Targets of one call: what a batch of online evaluation holds."""


def run(evaluations: int) -> dict[str, Any]:
    """Time every program (best of three), then so many evaluations one after the other and through one child.

    Returns:
        For each program the seconds of the machine and of the tree walker; for the typical evaluation its
        milliseconds in this process, compiled already, and the rate through one child process in batches.
    """
    sys.setrecursionlimit(10_000)
    programs = {name: _compared(source) for name, source in PROGRAMS.items()}
    compiled = compile_source(EVALUATION)
    return {
        "programs": programs,
        "evaluation": {
            "lines": EVALUATION.strip().count("\n") + 1,
            "compile_ms": round(_best(lambda: compile_source(EVALUATION)) * 1000, 2),
            "load_ms": round(_best(lambda: HogMachine().load(compiled.bytecode)) * 1000, 2),
            **_evaluation(compiled, evaluations),
        },
        "one_child_process": asyncio.run(_through_child(compiled, evaluations)),
    }


def _compared(source: str) -> dict[str, float]:
    bytecode = compile_source(source).bytecode
    executable = HogMachine().load(bytecode)
    walker = TreeWalker()
    found, expected = executable.run({}, _UNLIMITED), walker.run(bytecode, {}, _UNLIMITED)
    if found != expected:
        raise AssertionError(f"The two interpreters disagree: {found!r} and {expected!r}.")
    machine = _best(lambda: executable.run({}, _UNLIMITED))
    plain = _best(lambda: walker.run(bytecode, {}, _UNLIMITED))
    return {
        "seconds": round(machine, 4),
        "tree_walker_seconds": round(plain, 4),
        "times_faster": round(plain / machine, 1),
    }


def _best(work: Callable[[], Any]) -> float:
    """Seconds of the quickest of three."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _evaluation(compiled: CompiledProgram, evaluations: int) -> dict[str, float]:
    """The typical evaluation without a process around it, with and without making its globals."""
    machine = HogMachine()
    executable = machine.load(compiled.bytecode)
    targets = [target(number) for number in range(min(evaluations, 1000))]
    outcomes = [evaluate(machine, executable, each, allows_na=False, limits=Limits()) for each in targets]
    if not all(outcome.verdict for outcome in outcomes):
        raise AssertionError(f"The evaluation should pass: {outcomes[0]}.")
    began = time.perf_counter()
    for each in targets:
        evaluate(machine, executable, each, allows_na=False, limits=Limits())
    seconds = (time.perf_counter() - began) / len(targets)
    return {"run_ms": round(seconds * 1000, 4)}


async def _through_child(compiled: CompiledProgram, evaluations: int) -> dict[str, float]:
    targets = [target(number) for number in range(evaluations)]
    runner = HogProcesses(processes=1, memory_mb=_MEMORY_MB)

    async def evaluated(batch: list[HogTarget]) -> None:
        found = await runner.evaluate(compiled, batch, owner=None, allows_na=False, limits=Limits())
        for outcome in found:
            if isinstance(outcome, WorkError):
                raise outcome

    try:
        await evaluated(targets[:_BATCH])  # starts it
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, evaluations, _BATCH):
            await evaluated(targets[start : start + _BATCH])
        seconds, own = time.perf_counter() - began, time.process_time() - cpu
    finally:
        await runner.close()
    return {
        "evaluations": evaluations,
        "per_second": round(evaluations / seconds),
        "parent_cpu_share": round(own / seconds, 2),
    }
