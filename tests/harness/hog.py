"""Processes for Hog programs, as servers have them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assay.adapters.hog.processes import HogProcesses


@asynccontextmanager
async def hog_processes() -> AsyncIterator[HogProcesses]:
    """One process that compiles and one that runs, from the first program to the end of the block."""
    processes = HogProcesses(processes=1, memory_mb=256)
    try:
        yield processes
    finally:
        await processes.close()
