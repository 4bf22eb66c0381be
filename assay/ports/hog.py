"""Where Hog programs are compiled and run: outside the process that serves."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import WorkError


class HogRunner(Protocol):
    """Compiles and runs programs that nobody trusts.

    Callers name an owner: whose turn it is. Callers with different owners take turns for a process, however
    many of one owner wait. Who shares a fate shares an owner: a project, and whether somebody waits for the
    answer.
    """

    async def compile(self, source: str, *, owner: Hashable) -> CompiledProgram:
        """Compile a source text.

        Raises:
            HogCompileError: it is no program, or takes too long to read.
            HogUnavailable: there is no process to compile it in, its turn does not come, or the machine was
                too busy.
            HogDefect: the compiler failed in a way that it should not.
        """

    async def evaluate(
        self,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        owner: Hashable,
        allows_na: bool,
        limits: Limits,
    ) -> list[HogOutcome | WorkError]:
        """Run a program on targets.

        Args:
            allows_na: whether the program may answer null.
            limits: for each target.

        Returns:
            One outcome for each target, in order. A target that kills its process has a fault; the others
            are not affected. Where the program is not to blame there is an error in the place of an outcome,
            for the caller to raise once the other outcomes are safe: `HogUnavailable` if the machine was too
            busy to run it or killed its process, which a retry may mend; `HogDefect` if Assay is at fault.

        Raises:
            HogUnavailable: there is no process to run it in.
        """
