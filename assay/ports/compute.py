"""Where work goes that keeps a processor busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Compute(Protocol):
    """Processes beside this one, so that a long computation stops nobody else's."""

    @property
    def size(self) -> int:
        """How many calls are made at a time; others wait for their turn, with all that they were given."""

    async def run[*Arguments, Result](
        self, function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Make a call in a process. If the caller is cancelled, the process is killed.

        Args:
            function: one that can be imported: of a module, and not of a class or a function.
            arguments: anything that can be pickled.

        Raises:
            ComputeUnavailable: the process ended before it was done, or none can be had; worth another try.
            Exception: what the function raises.
        """
