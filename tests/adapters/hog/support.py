"""Pools of real processes for tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from assay.adapters.hog.pool import Wear
from assay.adapters.hog.process import COMMAND
from assay.adapters.hog.processes import HogProcesses
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import HogDefect

FAKE = (sys.executable, "-I", str(Path(__file__).with_name("fake_child.py")))
QUICK = Limits(seconds=0.2)
PROGRAM = CompiledProgram(["a program"])


@asynccontextmanager
async def hog(
    processes: int = 1, *, memory_mb: int = 256, wear: Wear | None = None, command: Sequence[str] = COMMAND
) -> AsyncIterator[HogProcesses]:
    running = HogProcesses(processes=processes, memory_mb=memory_mb, wear=wear, command=command)
    try:
        yield running
    finally:
        await running.close()


def fake(processes: int = 1, *, memory_mb: int = 256, wear: Wear | None = None) -> Any:
    return hog(processes, memory_mb=memory_mb, wear=wear, command=FAKE)


def target(event: str = "", argument: object = "", *, uuid: str = "u", **properties: Any) -> HogTarget:
    return HogTarget(uuid, event, str(argument), "2026-11-21T10:00:00Z", properties)


async def evaluate(
    running: HogProcesses,
    *targets: HogTarget,
    program: CompiledProgram = PROGRAM,
    limits: Limits | None = None,
    allows_na: bool = False,
) -> list[HogOutcome | HogDefect]:
    return await running.evaluate(program, targets, allows_na=allows_na, limits=limits or Limits())


async def outcome(running: HogProcesses, of: HogTarget, **options: Any) -> HogOutcome:
    [found] = await evaluate(running, of, **options)
    assert isinstance(found, HogOutcome)
    return found


async def pid_of(running: HogProcesses) -> int:
    return int((await outcome(running, target("pid"))).reasoning)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until_gone(pid: int) -> None:
    """Wait until there is no such process, dead or alive."""
    for _ in range(3_000):
        if not exists(pid):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"process {pid} is still there")
