"""A process that has evaluated much is no larger than one that has evaluated a little."""

from __future__ import annotations

import subprocess
import sys

from assay.domain.hog.limits import MIB

CODE = (
    "import sys; sys.setrecursionlimit(10_000); from tests.hostile.soak import soak; r = soak(2_000);"
    "print(r.early, r.late, r.peak, len(r.faults))"
)


def test_memory_stays_flat() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=80
    )
    early, late, peak, kinds = map(int, done.stdout.split())
    assert late < early + 16 * MIB
    assert peak < early + 48 * MIB
    assert kinds == 3  # verdicts, and both kinds of fault
