"""Processes that compute, kept for the next call.

Not `concurrent.futures.ProcessPoolExecutor`: there, one process that dies takes the calls of all others with
it, a call that nobody waits for any more goes on, also on shutdown, and each process imports the whole
command line. Here a process holds one call, and is killed with it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, cast

from assay.adapters.compute.messages import decode_outcome, encode_call
from assay.adapters.compute.process import COMMAND, Child
from assay.errors import ComputeUnavailable

_CLOSED: Final = "Assay is shutting down."

IDLE_SECONDS: Final = 60.0


def usual_processes() -> int:
    """Half as many as there are processors, at least one; the others are for the API and the stores."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // 2)


class ComputeProcesses:
    """Makes calls in child processes, one at a time in each; they start when they are needed first.

    It belongs to one event loop, and somebody must `close` it. Callers take turns in the order in which they
    come, so calls that take long belong into a pool of their own.

    Args:
        processes: the most at a time; None for half as many as there are processors.
        idle_seconds: after so long without a call a process ends, and gives back its memory.
        environment: variables for the processes, such as `OMP_NUM_THREADS`; they inherit none.
        command: what to execute as a child.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.size = usual_processes() if processes is None else processes
        self._places = asyncio.Semaphore(self.size)
        # One more for each place: that of a process that was killed is free a moment later.
        self._threads = ThreadPoolExecutor(2 * self.size, thread_name_prefix="compute")
        self._idle_seconds = idle_seconds
        self._environment = dict(environment or {})
        self._command = command
        self._free: dict[Child, asyncio.TimerHandle] = {}
        self._children: set[Child] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def pids(self) -> list[int]:
        """Of the processes that there are."""
        return [child.pid for child in self._children]

    async def run[*Arguments, Result](
        self, function: Callable[[*Arguments], Result], *arguments: *Arguments
    ) -> Result:
        """Make a call in a process. If the caller is cancelled, the process is killed.

        Args:
            function: one that can be imported: of a module, and not of a class or a function.
            arguments: anything that can be pickled; large arrays, too.

        Raises:
            ComputeUnavailable: the process ended before it was done, or none can be had; worth another try.
            Exception: what the function raises.
        """
        self._require_open()
        async with self._places:
            return cast(Result, await self._made(function, arguments))

    async def close(self) -> None:
        """End all processes at once, and wait until they are gone. Calls under way fail as unavailable."""
        if self._is_closed:
            return
        self._is_closed = True
        for child in list(self._children):
            self._end(child)
        for _ in range(self.size):
            # Each call that goes on, or waits, has a place until it has failed.
            await self._places.acquire()
        if self._ending:
            await asyncio.wait(self._ending)
        self._threads.shutdown(wait=False)

    async def _made(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        loop = asyncio.get_running_loop()
        call = await loop.run_in_executor(self._threads, encode_call, function, arguments)
        child = self._taken() or await self._started()
        try:
            outcome = await child.make(call, self._threads)
        except BaseException:
            self._end(child)
            raise
        self._give_back(child)
        return await loop.run_in_executor(self._threads, decode_outcome, outcome)

    def _taken(self) -> Child | None:
        """The process that was used last, of those that are free; the others may grow old."""
        while self._free:
            child, retirement = self._free.popitem()
            retirement.cancel()
            if child.is_alive:
                return child
            self._end(child)
        return None

    async def _started(self) -> Child:
        self._require_open()
        child = await Child.start(self._environment, self._command)
        self._children.add(child)
        try:
            self._require_open()  # still
        except ComputeUnavailable:
            self._end(child)
            raise
        return child

    def _require_open(self) -> None:
        if self._is_closed:
            raise ComputeUnavailable(_CLOSED)

    def _give_back(self, child: Child) -> None:
        if self._is_closed:
            self._end(child)
            return
        loop = asyncio.get_running_loop()
        self._free[child] = loop.call_later(self._idle_seconds, self._end, child)

    def _end(self, child: Child) -> None:
        """Kill a process: whatever it still does, nobody waits for."""
        if (retirement := self._free.pop(child, None)) is not None:
            retirement.cancel()
        child.kill()
        if child in self._children:
            self._children.discard(child)
            ending = asyncio.get_running_loop().create_task(child.gone())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
