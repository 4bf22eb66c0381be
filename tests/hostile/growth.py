"""Runs programs in processes of their own and measures how much those grow.

    python -m tests.hostile.growth BALLAST_MIB < programs.json > growths.json

Each program gets a copy of this small process (a fork), as a child of a pool would be after its start.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from assay.domain.hog.budget import resident_bytes
from assay.domain.hog.compiling import compile_source
from assay.domain.hog.errors import HogException, LimitExceeded
from assay.domain.hog.limits import MIB, Limits
from assay.domain.hog.machine import HogMachine

LIMITS = Limits(seconds=30.0)


@dataclass(frozen=True)
class Growth:
    """What became of a process that ran a program.

    Attributes:
        ended: name of the limit, or of the type of error; empty if the program ended by itself.
        size: bytes by which the process had grown at its largest.
    """

    ended: str
    size: int


def measured(sources: Mapping[str, str], *, ballast: int = 0) -> dict[str, Growth]:
    """Run programs, each in a process of its own.

    Args:
        ballast: MiB that each process has before it runs its program.

    Returns:
        By the names that the programs have.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.growth", str(ballast)],
        input=json.dumps(sources),
        capture_output=True,
        text=True,
        check=True,
        timeout=80,
    )
    return {name: Growth(**fields) for name, fields in json.loads(done.stdout).items()}


def _in_a_process_of_its_own(source: str) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, json.dumps(asdict(_grown(source))).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answer:
        found: dict[str, Any] = json.loads(answer.read())
    os.waitpid(child, 0)
    return found


def _grown(source: str) -> Growth:
    machine = HogMachine()
    executable = machine.load(compile_source(source).bytecode)
    before = resident_bytes()
    ended = ""
    try:
        executable.run({}, LIMITS)
    except LimitExceeded as stopped:
        ended = stopped.limit
    except HogException as failed:
        ended = type(failed).__name__
    return Growth(ended, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before)


def main() -> None:
    """Read programs, write growths."""
    sys.setrecursionlimit(10_000)
    ballast = [bytes([1]) * MIB for _ in range(int(sys.argv[1]))]
    sources = json.load(sys.stdin)
    json.dump({name: _in_a_process_of_its_own(source) for name, source in sources.items()}, sys.stdout)
    del ballast


if __name__ == "__main__":
    main()
