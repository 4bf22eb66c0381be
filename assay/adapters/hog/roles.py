"""What children do: one compiles, the others run programs."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from assay.adapters.hog.link import Link
from assay.adapters.hog.messages import (
    KEPT_PROGRAMS,
    Work,
    decode_source,
    decode_target,
    decode_work,
    encode_reply,
)
from assay.adapters.hog.recent import Recent
from assay.adapters.hog.rlimits import allow_cpu
from assay.domain.hog.errors import HogCompileError
from assay.domain.hog.limits import Limits
from assay.domain.hog.outcomes import CompiledProgram, Fault, HogOutcome, HogTarget
from assay.domain.hog.program import InvalidProgram
from assay.errors import HogDefect, HogUnavailable

COMPILE: Final = "compile"
RUN: Final = "run"

COMPILE_SECONDS: Final = 2.0
"""How long reading a source may take."""

TOO_LARGE_TO_READ: Final = "The source needs too much memory to be read: simplify it."

_TURN_SECONDS: Final = 0.5
"""After that long the rest of the targets goes back, so that other batches have their turn."""
_LONGEST_DETAIL: Final = 300


class Role(Protocol):
    """What a child does between two frames."""

    def serve(self, request: bytes, link: Link) -> None:
        """Do what the parent asks for and send the replies."""


class Evaluate(Protocol):
    """`assay.domain.hog.evaluation.evaluate` on a machine."""

    def __call__(self, executable: Any, target: HogTarget, *, allows_na: bool, limits: Limits) -> HogOutcome:
        """Run a loaded program on a target; whatever the program does becomes an outcome.

        Raises:
            HogUnavailable: the process was kept from running.
        """


class CompileRole:
    """Compiles one source after the other.

    Args:
        compile_source: raises `HogCompileError`; anything else is a defect.
    """

    def __init__(self, compile_source: Callable[[str], CompiledProgram]) -> None:
        self._compile_source = compile_source

    def serve(self, request: bytes, link: Link) -> None:
        """Compile the source of a request."""
        allow_cpu(COMPILE_SECONDS)
        link.send(encode_reply(self._compiled(decode_source(request))))

    def _compiled(self, source: str) -> CompiledProgram | HogCompileError | HogDefect:
        try:
            return self._compile_source(source)
        except HogCompileError as error:
            return error
        except MemoryError:
            return HogCompileError(TOO_LARGE_TO_READ)
        except Exception as error:
            return _defect(error)


class RunRole:
    """Runs programs, and keeps those that it has loaded.

    Args:
        load: makes a program ready to run.
        evaluate: runs it; an exception that it lets through is a defect.
    """

    def __init__(self, load: Callable[[list[Any]], Any], evaluate: Evaluate) -> None:
        self._load = load
        self._evaluate = evaluate
        self._loaded = Recent[str, Any](KEPT_PROGRAMS)

    def serve(self, request: bytes, link: Link) -> None:
        """Run the program of a request on the targets that follow it.

        Raises:
            MemoryError: too little is left to load the program.
            SystemExit: something else went wrong, and may not the next time; the targets are answered.
        """
        work = decode_work(request)
        allow_cpu(work.limits.seconds)
        try:
            executable = self._executable(work)
        except MemoryError:
            raise
        except Exception as error:
            defect = encode_reply(_defect(error))
            for _ in range(work.targets):
                link.send(defect)
            raise SystemExit(1) from error
        turn_ends = time.monotonic() + _TURN_SECONDS
        for index in range(work.targets):
            # What is not evaluated any more is still taken from the pipe.
            payload = link.receive()
            if payload is not None and (index == 0 or time.monotonic() < turn_ends):
                allow_cpu(work.limits.seconds)
                link.send(encode_reply(self._reply(executable, payload, work)))

    def _executable(self, work: Work) -> Any:
        """The loaded program; a defect in its place if what was sent is none."""
        executable = self._loaded.get(work.program)
        if executable is None:
            try:
                executable = self._load(work.bytecode or [])
            except InvalidProgram as error:
                # It always will be. Kept like a program, so that both sides know the same names.
                executable = _defect(error)
            self._loaded.put(work.program, executable)
        return executable

    def _reply(self, executable: Any, payload: bytes, work: Work) -> HogOutcome | HogDefect | HogUnavailable:
        if isinstance(executable, HogDefect):
            return executable
        try:
            target = decode_target(payload)
        except MemoryError:
            return HogOutcome(fault=Fault.HOG_INPUT_ERROR, error="The event does not fit into memory.")
        try:
            return self._evaluate(executable, target, allows_na=work.allows_na, limits=work.limits)
        except HogUnavailable as unavailable:
            return unavailable
        except Exception as error:
            return _defect(error)


def _defect(error: Exception) -> HogDefect:
    """What went wrong and where, without the values that were at hand."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    place = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return HogDefect(f"{type(error).__name__} in {place}: {error}"[:_LONGEST_DETAIL])
