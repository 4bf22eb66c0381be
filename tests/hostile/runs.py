"""Running hostile programs, and telling how they ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogException, Limit, LimitExceeded
from assay.domain.hog.limits import MAX_OUTPUT, MAX_OUTPUT_LINES, Limits
from assay.domain.hog.machine import CUT_OFF, HogMachine
from tests.hostile.programs import Ending
from tests.unit.hog.programs import NOW, deep_recursion


@dataclass(frozen=True)
class End:
    """How a run ended.

    Attributes:
        limit: that stopped it.
        error: type of the exception that ended it.
        message: of that exception.
        steps: it took.
    """

    limit: Limit | None
    error: type[BaseException] | None
    message: str
    steps: int

    def is_as(self, ending: Ending) -> bool:
        """Whether the run ended as a table of programs says."""
        if isinstance(ending, type):
            return self.error is not None and issubclass(self.error, ending)
        return self.limit is ending if ending else self.error is None

    @property
    def is_measured(self) -> bool:
        """Whether it depended on what the process had, and not on the program alone."""
        return self.limit is Limit.TIME or "MiB" in self.message


def runs(source: str, values: Mapping[str, Any], limits: Limits) -> Iterator[End]:
    """Run a program again and again, on one machine whose clock stands still."""
    machine = HogMachine(now=lambda: NOW, random=Random(7))
    with deep_recursion():
        executable = machine.load(compile_source(source).bytecode)
        while True:
            limit, error, message = None, None, ""
            try:
                executable.run(values, limits)
            except LimitExceeded as stopped:
                limit, error, message = stopped.limit, type(stopped), stopped.message
            except HogException as failed:
                error, message = type(failed), failed.message
            assert sum(map(len, machine.output)) <= MAX_OUTPUT + len(CUT_OFF)
            assert len(machine.output) <= MAX_OUTPUT_LINES + 1
            yield End(limit, error, message, limits.steps - machine.budget.steps)
