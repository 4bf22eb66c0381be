"""A child whose "programs" do what the name of the event says; executed by path, as the pool's command."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.adapters.hog.child import main
from assay.adapters.hog.link import Link
from assay.adapters.hog.roles import COMPILE, RUN, CompileRole, RunRole
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget
from assay.domain.hog.program import InvalidProgram

_leaked: list[bytes] = []
_links: list[Link] = []


class _Compiling(CompileRole):
    def serve(self, request: bytes, link: Link) -> None:
        _links[:] = [link]
        super().serve(request, link)


class _Running(RunRole):
    def serve(self, request: bytes, link: Link) -> None:
        _links[:] = [link]
        super().serve(request, link)


def _say(payloads: str) -> None:
    """Send frames that nobody asked for, one for each line."""
    for payload in payloads.split("\n"):
        _links[0].send(payload.encode())


def _is_first(marker: str) -> bool:
    """Whether no process has been here before."""
    is_first = not Path(marker).exists()
    _note(marker)
    return is_first


def _note(marker: str) -> None:
    os.close(os.open(marker, os.O_CREAT))


def _count(folder: str) -> None:
    """Leave another file in a folder, if there is one."""
    if folder:
        _note(f"{folder}/{len(os.listdir(folder))}")


def _die(_: str = "") -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _be_killed(_: str = "") -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _be_killed_once(marker: str) -> None:
    if _is_first(marker):
        _be_killed()


def _be_killed_then_wait(folder: str) -> None:
    _be_killed_once(f"{folder}/first")
    _note(f"{folder}/second")
    time.sleep(60)


def _note_and_sleep(marker: str) -> None:
    _note(marker)
    time.sleep(0.5)


def compile_source(source: str) -> CompiledProgram:
    """`ACTION: ARGUMENT # anything`; what is no action is a program."""
    action, _, rest = source.partition(" #")[0].partition(": ")
    match action:
        case "die":
            _count(rest)
            _die()
        case "be killed":
            _be_killed()
        case "be killed once":
            _be_killed_once(rest)
        case "sleep":
            time.sleep(float(rest))
        case "say":
            _say(rest)
        case "crash":
            raise ZeroDivisionError("a defect")
        case "memory":
            raise MemoryError
        case "loop":
            _count(rest)
            _loop("")
    return CompiledProgram([source, os.getpid()])


def _meet(folder: str) -> str:
    """Wait for another process that does the same."""
    os.close(os.open(f"{folder}/{os.getpid()}", os.O_CREAT))
    while len(os.listdir(folder)) < 2:
        time.sleep(0.01)
    return str(os.getpid())


def _loop(_: str) -> None:
    while True:
        pass


def _fail(_: str) -> None:
    raise KeyError("a defect")


def _use_standard_streams(_: str) -> str:
    sys.stdout.write("noise")
    os.write(1, b"noise")
    return f"read {sys.stdin.read()!r}"


def _open_files(_: str) -> None:
    for _ in range(100):
        os.open(os.devnull, os.O_RDONLY)


ACTIONS: dict[str, Callable[[str], object]] = {
    "die": _die,
    "be killed": _be_killed,
    "be killed once": _be_killed_once,
    "be killed, then wait": _be_killed_then_wait,
    "say": _say,
    "note and sleep": _note_and_sleep,
    "sleep": lambda seconds: time.sleep(float(seconds)),
    "loop": _loop,
    "defect": _fail,
    "allocate": lambda mebibytes: len(bytearray(int(mebibytes) * MIB)),
    "leak": lambda mebibytes: _leaked.append(b"x" * (int(mebibytes) * MIB)),
    "standard streams": _use_standard_streams,
    "pid": lambda _: str(os.getpid()),
    "meet": _meet,
    "open files": _open_files,
    "write a file": lambda path: Path(path).write_text("x" * 10_000),
    "long reply": lambda _: "x" * 17 * MIB,
}


def evaluate(executable: Any, target: HogTarget, *, allows_na: bool, limits: Limits) -> HogOutcome:
    if target.event == "bytecode":
        return HogOutcome(reasoning=repr(executable))
    said = ACTIONS[target.event](target.distinct_id) if target.event else None
    return HogOutcome(verdict=True, reasoning=said if isinstance(said, str) else target.uuid)


def load(bytecode: list[Any]) -> Any:
    match bytecode:
        case ["cannot be loaded"]:
            raise InvalidProgram("not a program")
        case ["no memory once", marker] if _is_first(marker):
            raise MemoryError
        case ["fails once", marker] if _is_first(marker):
            raise RecursionError
    return tuple(bytecode)


if __name__ == "__main__":
    main({COMPILE: lambda: _Compiling(compile_source), RUN: lambda: _Running(load, evaluate)})
