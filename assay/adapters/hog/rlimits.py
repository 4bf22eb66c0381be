"""What the operating system lets a child use: the last fence, behind the budget that the programs run on."""

from __future__ import annotations

import contextlib
import math
import resource
import time
from pathlib import Path
from typing import Final

_STATM: Final = Path("/proc/self/statm")
_OPEN_FILES: Final = 32
_CPU_GRACE_SECONDS: Final = 2
"""The parent kills a child that is late by the clock; this ends one whose parent is gone."""


def confine(memory: int) -> None:
    """Give up what running a program needs none of; cannot be undone.

    Args:
        memory: bytes of address space besides what the process has now. Where the system does not tell
            how much that is, only the budget of the programs bounds their memory.
    """
    size = _address_space()
    if size is not None:
        _lower(resource.RLIMIT_AS, size + memory)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_NPROC, 0)


def allow_cpu(seconds: float) -> None:
    """Let the process compute that long from now on, and a little longer; then a signal ends it."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(time.process_time() + seconds) + _CPU_GRACE_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (_within(hard, wanted), hard))


def _lower(kind: int, wanted: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = _within(hard, wanted)
    # Some systems know a limit by name only.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def _within(hard: int, wanted: int) -> int:
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _address_space() -> int | None:
    try:
        return int(_STATM.read_bytes().split()[0]) * resource.getpagesize()
    except OSError:
        return None
