"""What a running program has left. Everything is charged before it is used or allocated."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from assay.domain.hog.errors import HogInputError, Limit, LimitExceeded
from assay.domain.hog.limits import (
    CHARACTERS_PER_STEP,
    MAX_CALL_DEPTH,
    MAX_INTEGER_BITS,
    MAX_ITEMS,
    MAX_TEXT,
    MIB,
    Limits,
)
from assay.errors import HogUnavailable

_BETWEEN_CHECKS: Final = 16_384
"""Steps between two looks at the clock and at the memory: one or two milliseconds."""

_BYTES_PER_ITEM: Final = 16
_EXTRA_WIDTH: Final = 3
"""Bytes that a character may take beyond the first."""


_MOST_LEFT: Final = 8 * MIB
"""Bytes by which the process may grow from run to run before what was left behind is looked for."""

TOO_BUSY: Final = "The machine was too busy to run the program."

_STATM: Final = Path("/proc/self/statm")
_PAGE: Final = resource.getpagesize()


def resident_bytes() -> int:
    """Memory that this process has now; where the system does not tell, the most it ever had."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def is_starved(cpu_seconds: float, seconds: float) -> bool:
    """Whether work whose time is up hardly ran: the machine is to blame then (paused, or overloaded).

    Args:
        cpu_seconds: of processor time that it had.
        seconds: of wall time that it was given.
    """
    return cpu_seconds < seconds / 2


class Budget:
    """The budget of one run.

    Steps are exact, so the same program on the same event always ends the same way. Memory is estimated:
    what is charged is added up, and when the sum passes the limit the process is measured, which forgets
    what the program has let go of.

    Args:
        measure: tells how many bytes the process has.

    Attributes:
        steps: left; generated code takes from it directly.
        pause: `check` is due when `steps` falls below this.
        depth: calls that may still nest.
    """

    __slots__ = (
        "_base", "_charged", "_cpu", "_deadline", "_floor", "_limits", "_measure", "depth", "pause", "steps"
    )  # fmt: skip

    def __init__(self, measure: Callable[[], int] = resident_bytes) -> None:
        self._measure = measure
        self._floor = measure()
        self.start(Limits())

    def start(self, limits: Limits) -> None:
        """Begin a run: the whole budget is there again."""
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        self._cpu = time.process_time()
        self._base = self._clean_start()
        self._charged = 0
        self.depth = MAX_CALL_DEPTH
        self.steps = limits.steps
        self.pause = max(0, limits.steps - _BETWEEN_CHECKS)

    def _clean_start(self) -> int:
        """What the process has before a run.

        Python looks for values that hold each other (`a[1] := a`) after so many new objects, however large
        they are; runs that leave few large ones would add up.
        """
        resident = self._measure()
        if resident > self._floor + _MOST_LEFT:
            gc.collect()
            resident = self._floor = self._measure()
        self._floor = min(self._floor, resident)
        return resident

    def spend(self, steps: int) -> None:
        """Take steps for work on so many items.

        Raises:
            LimitExceeded: steps or time ran out, or memory grew past its limit.
        """
        self.steps -= steps
        if self.steps < self.pause:
            self.check()

    def check(self) -> None:
        """Look at everything that is left.

        Raises:
            LimitExceeded: steps or time ran out, or memory grew past its limit.
            HogUnavailable: the time ran out while the process was kept from running for most of it.
        """
        if self.steps < 0:
            raise LimitExceeded(Limit.STEPS, f"the program took more than {self._limits.steps:,} steps")
        if time.monotonic() > self._deadline:
            if is_starved(time.process_time() - self._cpu, self._limits.seconds):
                raise HogUnavailable(TOO_BUSY)
            raise self._out_of_time()
        self.pause = max(0, self.steps - _BETWEEN_CHECKS)
        self._settle()

    def foresee(self, seconds: float) -> None:
        """Look ahead before something that cannot be stopped.

        Args:
            seconds: it will take, roughly.

        Raises:
            LimitExceeded: it would end after the time is up.
        """
        if time.monotonic() + seconds > self._deadline:
            raise self._out_of_time()

    def _out_of_time(self) -> LimitExceeded:
        return LimitExceeded(Limit.TIME, f"the program ran for more than {self._limits.seconds:g} s")

    def reserve(self, size: int) -> None:
        """Ask for memory before it is allocated.

        Args:
            size: bytes.

        Raises:
            LimitExceeded: the program would have more than its limit.
        """
        self._charged += size
        if self._charged > self._limits.memory:
            self._settle(size)

    def _settle(self, wanted: int = 0) -> None:
        """Replace what was charged by what is really there."""
        live = max(0, self._measure() - self._base)
        if live + wanted > self._limits.memory:
            raise LimitExceeded(
                Limit.MEMORY, f"the program needs more than {self._limits.memory // MIB} MiB of memory"
            )
        self._charged = live + wanted

    def text(self, length: int) -> None:
        """Ask before a text is made or searched.

        Args:
            length: code points.

        Raises:
            LimitExceeded: it is too long, or the budget does not suffice.
        """
        if length > CHARACTERS_PER_STEP:
            if length > MAX_TEXT:
                raise LimitExceeded(Limit.MEMORY, f"a text would have more than {MAX_TEXT:,} characters")
            self.spend(length // CHARACTERS_PER_STEP)
            self.reserve(length)

    def text_from(self, length: int, *sources: str) -> None:
        """Ask before a text is made of the characters of others: one beyond ASCII may make all of them wide.

        Raises:
            LimitExceeded: it is too long, or the budget does not suffice.
        """
        self.text(length)
        if length > CHARACTERS_PER_STEP and not all(map(str.isascii, sources)):
            self.reserve(_EXTRA_WIDTH * length)

    def items(self, count: int, *, per_step: int = 1) -> None:
        """Ask before a list or dictionary of so many items is made or walked through.

        Args:
            per_step: items that a step pays for: more where they are only copied.

        Raises:
            LimitExceeded: there are too many, or the budget does not suffice.
        """
        if count > MAX_ITEMS:
            raise LimitExceeded(Limit.MEMORY, f"a list would have more than {MAX_ITEMS:,} items")
        self.spend(count // per_step)
        self.reserve(count * _BYTES_PER_ITEM)

    def integer(self, bits: int) -> None:
        """Ask before an integer of so many bits is made.

        Raises:
            LimitExceeded: it is too large.
        """
        if bits > MAX_INTEGER_BITS:
            raise LimitExceeded(Limit.INTEGER, f"an integer would have more than {MAX_INTEGER_BITS} bits")


def checked_integer(value: int) -> int:
    """An integer that was made from foreign text or a float, if it is not too large.

    Raises:
        HogInputError: it is.
    """
    if value.bit_length() > MAX_INTEGER_BITS:
        raise HogInputError(f"an integer has more than {MAX_INTEGER_BITS} bits")
    return value
