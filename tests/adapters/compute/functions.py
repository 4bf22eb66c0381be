"""What the processes under test are asked to do."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import SetupError


class TwoFaced(Exception):
    """Can be pickled, and not be read again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def pid() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)  # noqa: TID251  (what a child sees is the subject)


def niceness() -> int:
    return os.nice(0)


def doubled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values * 2


def hold(started: str, released: str) -> int:
    """Say that it has started, and wait for a file."""
    Path(started).write_text(str(os.getpid()))
    while not Path(released).exists():
        time.sleep(0.01)
    return os.getpid()


def noisy(text: str) -> str:
    """Write to the streams that everybody writes to."""
    sys.stdout.write("a stray line\n")
    sys.stdout.flush()
    os.write(1, b"another")
    sys.stderr.write("x" * 100_000)
    return text + sys.stdin.read()


def die(number: int) -> None:
    os.kill(os.getpid(), signal.Signals(number))


def leave(code: int) -> None:
    os._exit(code)


def refuse() -> None:
    raise SetupError("There is no model.")


def divide(number: int) -> float:
    return number / 0


def two_faced() -> None:
    raise TwoFaced("one", "two")


def unreadable() -> object:
    return lambda: None


def exhausted() -> None:
    raise MemoryError
