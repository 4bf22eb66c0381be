"""One call of `evaluate`: targets in chunks, on whichever child is free.

Between two chunks a batch stands in line again, so a small batch passes a big one. A child that ends costs
nothing but time: what it had not answered goes to another one. Only a target that ended two children, or
had its child killed for being late, is at fault for it: a single death can have come from outside. Where
the machine paused or killed a child, nobody is at fault, and the target is to be tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Hashable, Sequence
from typing import Any, Final

import structlog

from assay.adapters.hog.messages import Reply, Work, encode_work
from assay.adapters.hog.pool import Pool
from assay.adapters.hog.process import Child, ChildEnded, End
from assay.adapters.hog.targets import TargetRefused, encode_target
from assay.domain.hog.budget import TOO_BUSY
from assay.domain.hog.limits import LARGE_EVENT, MIB, Limits
from assay.domain.hog.outcomes import LIMIT_EXCEEDED, CompiledProgram, Fault, HogOutcome, HogTarget
from assay.errors import HogDefect, HogUnavailable, WorkError

log = structlog.get_logger(__name__)

_CHUNK_TARGETS: Final = 32
_CHUNK_BYTES: Final = MIB
_TARGETS_PER_LANE: Final = 16
"""For fewer another process is not worth starting, which takes as long as thousands of quick targets."""
_GRACE_SECONDS: Final = 1.0
"""A program stops itself when its time is up; only one that cannot is killed."""

_LATE: Final = LIMIT_EXCEEDED + "the program ran for more than {:g} s and had to be killed."
_DIED: Final = (
    LIMIT_EXCEEDED + "the program ended the process that ran it, probably because it needs too much memory."
)
_KILLED: Final = "The processes that ran the program were killed: the machine may be short of memory."
_NONSENSE: Final = "A process gave an answer that makes no sense."
_UNASKED: Final = "A process gave more answers than it was asked for."
_SILENT: Final = "A process gave no answer."


class Batch:
    """The targets of one call and what became of them.

    Args:
        pool: of children that run programs.
        owner: whose turn it is.
        limits: for each target.
    """

    def __init__(
        self,
        pool: Pool,
        program: CompiledProgram,
        targets: Sequence[HogTarget],
        *,
        owner: Hashable,
        allows_na: bool,
        limits: Limits,
    ) -> None:
        self._pool = pool
        self._bytecode = program.bytecode
        self._name = _digest(program.bytecode)
        self._targets = targets
        self._owner = owner
        self._allows_na = allows_na
        self._limits = limits
        self._waiting = deque(range(len(targets)))
        self._results: dict[int, HogOutcome | WorkError] = {}
        self._suspects: set[int] = set()
        self._lanes = min(pool.size, 1 + (len(targets) - 1) // _TARGETS_PER_LANE)
        # Each may take seconds, so one lane does not take the work of the others.
        self._chunk_targets = min(_CHUNK_TARGETS, -(-len(targets) // max(1, self._lanes)))

    async def run(self) -> list[HogOutcome | WorkError]:
        """Run the program on all targets.

        Raises:
            HogUnavailable: there is no process to run it in.
        """
        lanes = {asyncio.create_task(self._work()) for _ in range(self._lanes)}
        at_work = lanes
        try:
            # A lane that still waits for its turn when all is done has nothing to wait for.
            while len(self._results) < len(self._targets):
                done, at_work = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
                for lane in done:
                    lane.result()
        finally:
            for lane in lanes:
                lane.cancel()
            if lanes:
                await asyncio.wait(lanes)
        return [self._results[index] for index in range(len(self._targets))]

    async def _work(self) -> None:
        while self._waiting:
            async with self._pool.turn(self._owner):
                if not self._waiting:  # another lane was quicker: no process for nothing
                    return
                async with self._pool.child() as child:
                    chunk = await self._next_chunk()
                    if chunk:
                        await self._run_on(child, chunk)

    async def _next_chunk(self) -> dict[int, bytes]:
        """Some of the targets that wait, encoded; none if another child took the last ones."""
        chunk: dict[int, bytes] = {}
        size = 0
        while self._waiting and len(chunk) < self._chunk_targets and size < _CHUNK_BYTES:
            index = self._waiting.popleft()
            try:
                chunk[index] = await encode_target(self._targets[index])
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
                if not unanswered:
                    # One of the answers before it was none, and nobody knows which.
                    child.kill()
                    self._results |= dict.fromkeys(chunk, self._defect(_UNASKED))
                    return
                self._results[unanswered.popleft()] = self._checked(reply)
            if len(unanswered) == len(chunk):
                child.kill()
                self._results[unanswered.popleft()] = self._defect(_SILENT)
        except ChildEnded as end:
            if unanswered:
                self._blame(unanswered, end, chunk)
        self._waiting += unanswered

    def _checked(self, reply: Reply) -> HogOutcome | WorkError:
        match reply:
            case HogOutcome():
                return reply
            case HogDefect():
                return self._defect(reply.detail)
            case HogUnavailable():
                return self._unavailable(reply.detail)
        return self._defect(_NONSENSE)

    def _blame(self, unanswered: deque[int], end: ChildEnded, chunk: dict[int, bytes]) -> None:
        """Find out about the target that ran when its child ended: the first that was not answered."""
        running = unanswered[0]
        is_second = running in self._suspects
        result: HogOutcome | WorkError
        if end.why is End.GARBLED:
            result = self._defect(_NONSENSE)
        elif end.why is not End.LATE and not is_second:
            self._suspects.add(running)
            return
        elif end.is_of_the_machine(self._limits.seconds):
            result = self._unavailable(TOO_BUSY if end.why is End.LATE else _KILLED)
        else:
            error = _LATE.format(self._limits.seconds) if end.why is End.LATE else _DIED
            # As in `assay.domain.hog.evaluation`: whoever writes events must not stop an evaluation.
            fault = Fault.HOG_INPUT_ERROR if len(chunk[running]) > LARGE_EVENT else Fault.HOG_ERROR
            result = HogOutcome(fault=fault, error=error)
        self._results[unanswered.popleft()] = result

    def _defect(self, detail: str) -> HogDefect:
        # What follows the place may quote the event.
        log.error("defect in Hog", program=self._name, place=detail.partition(":")[0])
        return HogDefect(detail)

    def _unavailable(self, detail: str) -> HogUnavailable:
        log.warning("Hog program not run", program=self._name, reason=detail)
        return HogUnavailable(detail)


def _digest(bytecode: list[Any]) -> str:
    """The name of a program between the processes: a digest of its compiled form."""
    return hashlib.sha256(json.dumps(bytecode, separators=(",", ":")).encode()).hexdigest()
