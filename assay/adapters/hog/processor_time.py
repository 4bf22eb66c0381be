"""How much other processes compute."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_AFTER_NAME: Final = b")"
"""The name of a process may hold blanks and brackets; the numbers follow the last one."""
_USER: Final = 11
_SYSTEM: Final = 12
"""Positions after the name, in `/proc/<pid>/stat` (proc_pid_stat(5))."""


def processor_seconds(pid: int) -> float | None:
    """Processor time that a process has had, in seconds; None where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(_AFTER_NAME)[2].split()
        return (int(fields[_USER]) + int(fields[_SYSTEM])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None
