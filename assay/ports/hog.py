"""Where Hog programs are compiled and run: outside the process that serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.errors import HogDefect


class HogRunner(Protocol):
    """Compiles and runs programs that nobody trusts."""

    async def compile(self, source: str) -> CompiledProgram:
        """Compile a source text.

        Raises:
            HogCompileError: it is no program, or takes too long to read.
            HogUnavailable: there is no process to compile it in.
            HogDefect: the compiler failed in a way that it should not.
        """

    async def evaluate(
        self,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        allows_na: bool,
        limits: Limits,
    ) -> list[HogOutcome | HogDefect]:
        """Run a program on targets.

        Args:
            allows_na: whether the program may answer null.
            limits: for each target.

        Returns:
            One outcome for each target, in order. A target that kills its process has a fault; the others
            are not affected. Where Assay itself is at fault there is a `HogDefect` in the place of an
            outcome, for the caller to raise once the other outcomes are safe.

        Raises:
            HogUnavailable: there is no process to run it in.
        """
