"""Fuzzes the Hog compiler and machine with sources, syntax trees and compiled programs.

    python -m tests.fuzz.hog.fuzz --minutes 10 --seed 1
    python -m tests.fuzz.hog.fuzz --seed 1 --show 4711     # what case 4711 of this seed is

Only `HogCompileError`, `InvalidProgram`, `HogException`, `LimitExceeded` or a value may come out, within two
seconds, and the same ones if it is done again. Cases run in child processes, so that one which hangs or
crashes is found like any other.
"""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.hog.cases import made

_PATIENCE = 20.0
"""Seconds without a word after which a child hangs; much more than a case may take, for busy machines."""

_CASES_PER_CHILD = 2_000


@dataclass
class Findings:
    """What fuzzing came to.

    Attributes:
        verdicts: how often each was given.
        found: what must not be; each with the number of its case.
        following: number of the case after the last one.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)
    following: int = 0

    def add(self, index: int, verdict: str) -> None:
        """Take note of one case."""
        self.following = index + 1
        self.verdicts["found" if "FOUND" in verdict else verdict] += 1
        if "FOUND" in verdict:
            self.found.append(f"case {index}: {verdict}")


def fuzz(seed: int, *, seconds: float, cases: int = sys.maxsize) -> Findings:
    """Try cases until the time is up, or so many were tried."""
    findings = Findings()
    ends = time.monotonic() + seconds
    while findings.following < cases and time.monotonic() < ends:
        _one_child(seed, min(_CASES_PER_CHILD, cases - findings.following), ends, findings)
    return findings


def _one_child(seed: int, count: int, ends: float, findings: Findings) -> None:
    command = [sys.executable, "-m", "tests.fuzz.hog.child", str(seed), str(findings.following), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        line = b""
        while time.monotonic() < ends:
            if not select.select([child.stdout], [], [], _PATIENCE)[0]:
                findings.add(findings.following, "FOUND no end")
                break
            read = os.read(child.stdout.fileno(), 65_536)
            if not read:
                if line or child.wait():
                    said = child.stderr.read()[-300:].decode(errors="replace")
                    findings.add(findings.following, f"FOUND a crash: {child.wait()} {said}")
                return
            *lines, line = (line + read).split(b"\n")
            for complete in lines:
                index, _, verdict = complete.decode().partition(" ")
                findings.add(int(index), verdict)
        child.kill()


def main() -> None:
    """Fuzz, and tell what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, help="show a case instead of trying any")
    options = parser.parse_args()
    if options.show is not None:
        sys.stdout.write(f"{made(options.seed, options.show)}\n")
        return
    findings = fuzz(options.seed, seconds=options.minutes * 60)
    for verdict, count in findings.verdicts.most_common():
        sys.stdout.write(f"{count:9,}  {verdict}\n")
    sys.stdout.write("\n".join([f"{findings.following:9,}  cases", *findings.found]) + "\n")
    sys.exit(1 if findings.found else 0)


if __name__ == "__main__":
    main()
