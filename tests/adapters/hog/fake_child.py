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
from assay.adapters.hog.roles import COMPILE, RUN, CompileRole, RunRole
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.outcomes import CompiledProgram, HogOutcome, HogTarget

_leaked: list[bytes] = []


def _die_once(marker: str) -> None:
    if not Path(marker).exists():
        os.close(os.open(marker, os.O_CREAT))
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def compile_source(source: str) -> CompiledProgram:
    """`die`, `die once: FILE`, `crash`, `memory`, `loop`; anything else is a program."""
    action, _, rest = source.partition(": ")
    match action:
        case "die":
            _die()
        case "die once":
            _die_once(rest)
        case "crash":
            raise ZeroDivisionError("a defect")
        case "memory":
            raise MemoryError
        case "loop":
            while True:
                pass
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
    "die": lambda _: _die(),
    "die once": _die_once,
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
    if bytecode == ["cannot be loaded"]:
        raise ValueError("not a program")
    return tuple(bytecode)


if __name__ == "__main__":
    main({COMPILE: lambda: CompileRole(compile_source), RUN: lambda: RunRole(load, evaluate)})
