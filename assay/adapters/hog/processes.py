"""Hog programs, compiled and run in child processes."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from typing import Final

from assay.adapters.hog.batch import Batch
from assay.adapters.hog.compiler import PATIENCE_SECONDS, Compiler
from assay.adapters.hog.pool import Pool, Wear
from assay.adapters.hog.process import COMMAND, Child
from assay.adapters.hog.roles import COMPILE, RUN
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import WorkError

_COMPILERS: Final = 1


class HogProcesses:
    """`assay.ports.HogRunner` on child processes, which start when they are needed first.

    It belongs to one event loop, and somebody must `close` it.

    Args:
        processes: the most children that run programs at a time; one more compiles.
        memory_mb: what each may allocate, in MiB.
        wear: when children are replaced; None for what suits a server.
        patience: seconds that a source waits for its turn to be compiled.
        command: what to execute as a child.
    """

    def __init__(
        self,
        *,
        processes: int,
        memory_mb: int,
        wear: Wear | None = None,
        patience: float = PATIENCE_SECONDS,
        command: Sequence[str] = COMMAND,
    ) -> None:
        def pool(role: str, size: int) -> Pool:
            return Pool(lambda: Child.start(role, memory_mb, command), size=size, wear=wear or Wear())

        self._compilers = pool(COMPILE, _COMPILERS)
        self._runners = pool(RUN, processes)
        self._compiler = Compiler(self._compilers, patience=patience)

    async def close(self) -> None:
        """End all children at once and wait until they are gone. Calls under way fail as unavailable."""
        await asyncio.gather(self._compilers.close(), self._runners.close())

    async def compile(self, source: str, *, owner: Hashable) -> CompiledProgram:
        """See `assay.ports.HogRunner.compile`."""
        return await self._compiler.compile(source, owner)

    async def evaluate(
        self,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        owner: Hashable,
        allows_na: bool,
        limits: Limits,
    ) -> list[HogOutcome | WorkError]:
        """See `assay.ports.HogRunner.evaluate`."""
        batch = Batch(self._runners, program, targets, owner=owner, allows_na=allows_na, limits=limits)
        return await batch.run()
