"""Where Hog programs run, as the settings say."""

from __future__ import annotations

import os

from assay.adapters.hog.processes import HogProcesses
from assay.runtime.settings import Settings


def hog_processes(settings: Settings) -> HogProcesses:
    """The one of this process; its children start when the first program comes, and end when it is closed."""
    return HogProcesses(processes=process_count(settings), memory_mb=settings.hog_process_memory_mb)


def process_count(settings: Settings) -> int:
    """How many programs run at a time."""
    return settings.hog_processes or max(1, _processors() // 2)


def _processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
