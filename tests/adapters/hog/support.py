"""Pools of real processes for tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from assay.adapters.hog.process import COMMAND
from assay.adapters.hog.processes import HogProcesses
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import HogUnavailable, WorkError

FAKE = (sys.executable, "-I", str(Path(__file__).with_name("fake_child.py")))
QUICK = Limits(seconds=0.2)
_TRIES = 10
PROGRAM = CompiledProgram(["a program"])


@asynccontextmanager
async def hog(
    processes: int = 1, *, memory_mb: int = 256, command: Sequence[str] = COMMAND, **options: Any
) -> AsyncIterator[HogProcesses]:
    running = HogProcesses(processes=processes, memory_mb=memory_mb, command=command, **options)
    try:
        yield running
    finally:
        await running.close()


def fake(processes: int = 1, **options: Any) -> Any:
    return hog(processes, command=FAKE, **options)


def target(event: str = "", argument: object = "", *, uuid: str = "u", **properties: Any) -> HogTarget:
    return HogTarget(uuid, event, str(argument), "2026-11-21T10:00:00Z", properties)


async def evaluate(
    running: HogProcesses,
    *targets: HogTarget,
    program: CompiledProgram = PROGRAM,
    owner: Hashable = "somebody",
    limits: Limits | None = None,
    allows_na: bool = False,
) -> list[HogOutcome | WorkError]:
    return await running.evaluate(
        program, targets, owner=owner, allows_na=allows_na, limits=limits or Limits()
    )


async def outcome(running: HogProcesses, of: HogTarget, **options: Any) -> HogOutcome:
    [found] = await evaluate(running, of, **options)
    assert isinstance(found, HogOutcome)
    return found


async def judged(running: HogProcesses, of: HogTarget, **options: Any) -> HogOutcome:
    """The outcome for a target, tried again while the machine that the tests share is too busy."""
    for _ in range(_TRIES):
        [found] = await evaluate(running, of, **options)
        if isinstance(found, HogOutcome):
            return found
        assert isinstance(found, HogUnavailable)
    raise AssertionError("the machine is too busy for tests")


async def compiled(running: HogProcesses, source: str, owner: Hashable = "somebody") -> CompiledProgram:
    """A compiled source, tried again while the machine that the tests share is too busy."""
    for _ in range(_TRIES):
        with suppress(HogUnavailable):
            return await running.compile(source, owner=owner)
    raise AssertionError("the machine is too busy for tests")


async def pid_of(running: HogProcesses) -> int:
    return int((await outcome(running, target("pid"))).reasoning)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something has happened outside this process."""
    for _ in range(3_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it has not happened in half a minute")


async def until_gone(pid: int) -> None:
    """Wait until there is no such process, dead or alive."""
    await until(lambda: not exists(pid))
