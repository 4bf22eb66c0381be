"""A process that tries one case after the other and says about each what became of it.

python -m tests.fuzz.hog.child SEED FIRST COUNT
"""

from __future__ import annotations

import sys
import warnings

from assay.domain.hog.budget import resident_bytes
from assay.domain.hog.limits import MIB
from tests.fuzz.hog.cases import verdict

MOST_GROWTH = 256 * MIB
"""What a process may gain over all of its cases: one at its limit, and what the system does not get back."""


def main() -> None:
    """Write a line with the number of each case before it, and its verdict after it."""
    seed, first, count = map(int, sys.argv[1:])
    sys.setrecursionlimit(10_000)
    warnings.simplefilter("error")  # Python's compiler must find nothing odd about generated code
    before = resident_bytes()
    for index in range(first, first + count):
        sys.stdout.write(f"{index} ")
        sys.stdout.flush()
        said = verdict(seed, index)
        grown = resident_bytes() - before
        if grown > MOST_GROWTH:
            said, before = f"FOUND a process that grew by {grown // MIB} MiB", before + grown
        sys.stdout.write(said.encode("ascii", "backslashreplace").decode().replace("\n", "\\n")[:500] + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
