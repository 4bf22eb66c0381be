"""Hog programs, compiled and run in child processes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from assay.adapters.hog.batch import Batch
from assay.adapters.hog.messages import encode_source
from assay.adapters.hog.pool import Pool, Wear
from assay.adapters.hog.process import COMMAND, Child, ChildEnded
from assay.adapters.hog.recent import Recent
from assay.adapters.hog.roles import COMPILE, COMPILE_SECONDS, RUN
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import HogDefect

_KEPT_SOURCES: Final = 256
_COMPILERS: Final = 1
_ATTEMPTS: Final = 2
"""A compiler may have been killed from outside; one that dies again dies of the source."""

_TOO_SLOW: Final = "The source takes too long to read."
_UNREADABLE: Final = "The source cannot be read: the parser gave up."
_SIMPLIFY: Final = "simplify it, or name parts of it with let"


class HogProcesses:
    """`assay.ports.HogRunner` on child processes, which start when they are needed first.

    It belongs to one event loop, and somebody must `close` it.

    Args:
        processes: the most children that run programs at a time; one more compiles.
        memory_mb: what each may allocate, in MiB.
        wear: when children are replaced; None for what suits a server.
        command: what to execute as a child.
    """

    def __init__(
        self, *, processes: int, memory_mb: int, wear: Wear | None = None, command: Sequence[str] = COMMAND
    ) -> None:
        def pool(role: str, size: int) -> Pool:
            return Pool(lambda: Child.start(role, memory_mb, command), size=size, wear=wear or Wear())

        self._compilers = pool(COMPILE, _COMPILERS)
        self._runners = pool(RUN, processes)
        self._compiled = Recent[str, CompiledProgram](_KEPT_SOURCES)

    async def close(self) -> None:
        """End all children at once and wait until they are gone. Calls under way fail as unavailable."""
        await asyncio.gather(self._compilers.close(), self._runners.close())

    async def compile(self, source: str) -> CompiledProgram:
        """See `assay.ports.HogRunner.compile`."""
        program = self._compiled.get(source)
        if program is None:
            program = await self._compile(source)
            self._compiled.put(source, program)
        return program

    async def evaluate(
        self,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        allows_na: bool,
        limits: Limits,
    ) -> list[HogOutcome | HogDefect]:
        """See `assay.ports.HogRunner.evaluate`."""
        return await Batch(self._runners, program, targets, allows_na=allows_na, limits=limits).run()

    async def _compile(self, source: str) -> CompiledProgram:
        for _ in range(_ATTEMPTS):
            async with self._compilers.child() as child:
                child.send(encode_source(source))
                try:
                    reply = await child.receive(COMPILE_SECONDS)
                    await child.receive(COMPILE_SECONDS)
                except ChildEnded as end:
                    if end.was_late:
                        raise HogCompileError(_TOO_SLOW, hint=_SIMPLIFY) from None
                    continue
            if isinstance(reply, CompiledProgram):
                return reply
            raise reply if isinstance(reply, HogCompileError | HogDefect) else HogDefect("no reply")
        raise HogCompileError(_UNREADABLE, hint=_SIMPLIFY)
