"""One call of `evaluate`: targets in chunks, on whichever child is free.

Between two chunks a batch stands in line again, so a small batch passes a big one. A child that ends costs
nothing but time: what it had not answered goes to another one. Only a target that ended two children, or
had its child killed for being late, is at fault for it: a single death can have come from outside.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import structlog

from assay.adapters.hog.messages import Work, encode_work
from assay.adapters.hog.pool import Pool
from assay.adapters.hog.process import Child, ChildEnded, Reply
from assay.adapters.hog.targets import TargetRefused, encode_target
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome, HogTarget
from assay.errors import HogDefect

log = structlog.get_logger(__name__)

_CHUNK_TARGETS: Final = 32
_CHUNK_BYTES: Final = MIB
_GRACE_SECONDS: Final = 1.0
"""A program stops itself when its time is up; only one that cannot is killed."""

_KILLED: Final = "Limit exceeded: the program ran for more than {:g} s and had to be killed."
_DIED: Final = (
    "Limit exceeded: the program ended the process that ran it, probably because it needs too much memory."
)


class Batch:
    """The targets of one call and what became of them.

    Args:
        pool: of children that run programs.
        limits: for each target.
    """

    def __init__(
        self,
        pool: Pool,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        allows_na: bool,
        limits: Limits,
    ) -> None:
        self._pool = pool
        self._bytecode = program.bytecode
        self._name = _digest(program.bytecode)
        self._targets = targets
        self._allows_na = allows_na
        self._limits = limits
        self._waiting = deque(range(len(targets)))
        self._results: dict[int, HogOutcome | HogDefect] = {}
        self._suspects: set[int] = set()
        # Few targets are shared out, too: each may take seconds.
        self._chunk_targets = min(_CHUNK_TARGETS, -(-len(targets) // pool.size))

    async def run(self) -> list[HogOutcome | HogDefect]:
        """Run the program on all targets.

        Raises:
            HogUnavailable: there is no process to run it in.
        """
        lines = min(self._pool.size, len(self._targets))
        lanes = [asyncio.create_task(self._work()) for _ in range(lines)]
        try:
            await asyncio.gather(*lanes)
        finally:
            for lane in lanes:
                lane.cancel()
            if lanes:
                await asyncio.wait(lanes)
        return [self._results[index] for index in range(len(self._targets))]

    async def _work(self) -> None:
        while self._waiting:
            async with self._pool.child() as child:
                chunk = self._next_chunk()
                if chunk:
                    await self._run_on(child, chunk)

    def _next_chunk(self) -> dict[int, bytes]:
        """Some of the targets that wait, encoded; none if another child took the last ones."""
        chunk: dict[int, bytes] = {}
        size = 0
        while self._waiting and len(chunk) < self._chunk_targets and size < _CHUNK_BYTES:
            index = self._waiting.popleft()
            try:
                chunk[index] = encode_target(self._targets[index])
            except TargetRefused as refused:
                self._results[index] = HogOutcome(fault=Fault.HOG_INPUT_ERROR, error=str(refused))
            else:
                size += len(chunk[index])
        return chunk

    async def _run_on(self, child: Child, chunk: dict[int, bytes]) -> None:
        is_loaded = child.programs.get(self._name) is not None
        if not is_loaded:
            child.programs.put(self._name, True)
        bytecode = None if is_loaded else self._bytecode
        work = Work(self._name, bytecode, len(chunk), self._allows_na, self._limits)
        child.send(encode_work(work), *chunk.values())
        unanswered = deque(chunk)
        try:
            while (reply := await child.receive(self._limits.seconds + _GRACE_SECONDS)) is not None:
                self._results[unanswered.popleft()] = self._checked(reply)
        except ChildEnded as end:
            if unanswered:
                self._blame(unanswered, was_late=end.was_late)
        self._waiting += unanswered

    def _checked(self, reply: Reply) -> HogOutcome | HogDefect:
        if isinstance(reply, HogOutcome):
            return reply
        defect = reply if isinstance(reply, HogDefect) else HogDefect("A process mixed up its replies.")
        # What follows the place may quote the event.
        log.error("defect in Hog", program=self._name, place=defect.detail.partition(":")[0])
        return defect

    def _blame(self, unanswered: deque[int], *, was_late: bool) -> None:
        """Find out about the target that ran when its child ended: the first that was not answered."""
        running = unanswered[0]
        if was_late:
            error = _KILLED.format(self._limits.seconds)
        elif running in self._suspects:
            error = _DIED
        else:
            self._suspects.add(running)
            return
        self._results[unanswered.popleft()] = HogOutcome(fault=Fault.HOG_ERROR, error=error)


def _digest(bytecode: list[Any]) -> str:
    """The name of a program between the processes: a digest of its compiled form."""
    return hashlib.sha256(json.dumps(bytecode, separators=(",", ":")).encode()).hexdigest()
