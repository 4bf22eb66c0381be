"""`assay bench start`: time until `assay dev` is ready on a new and a used folder, and idle memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.runtime.bench.measure import percentile, resident_megabytes
from assay.runtime.engine_process import engine_process

_SETTLE_SECONDS = 10


def run(rounds: int) -> dict[str, Any]:
    """Start an engine `rounds` times on new folders, each followed by a start on the same folder.

    Returns:
        Seconds from `exec` to readiness (first and second start, and their ratio), and the resident memory
        of the last engine and its children after ten idle seconds.
    """
    first: list[float] = []
    second: list[float] = []
    memory: dict[str, float] = {}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            data_dir = Path(folder)
            first.append(_start(data_dir)[0])
            last = number == rounds - 1
            seconds, memory = _start(data_dir, settle=_SETTLE_SECONDS if last else 0)
            second.append(seconds)
    return {
        "new_folder_seconds": _spread(first),
        "used_folder_seconds": _spread(second),
        "new_to_used_ratio": round(percentile(first, 50) / percentile(second, 50), 2),
        "idle_megabytes": {name: round(value) for name, value in memory.items()},
        "idle_megabytes_total": round(sum(memory.values())),
    }


def _start(data_dir: Path, settle: float = 0) -> tuple[float, dict[str, float]]:
    began = time.monotonic()
    with engine_process(data_dir) as engine:
        seconds = time.monotonic() - began
        time.sleep(settle)
        return seconds, resident_megabytes(engine.process.pid)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"p50": round(percentile(values, 50), 2), "max": round(max(values), 2)}
