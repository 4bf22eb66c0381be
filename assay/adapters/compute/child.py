"""A process that computes: makes one call after the other until its input ends.

    python -I -m assay.adapters.compute.child

It speaks `assay.adapters.compute.messages` over its standard streams, and ends with its parent.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from assay.adapters.compute.messages import outcome_of, read_message, write_message
from assay.adapters.parent import end_with_parent
from assay.adapters.standard_streams import take_standard_streams

_NICENESS: Final = 5
"""Whoever waits for a computation waits for seconds; who waits for the API next to it does not want to."""


def main() -> None:
    """Serve until the parent closes its end, or is gone."""
    end_with_parent()
    os.nice(_NICENESS)
    calls, outcomes = take_standard_streams()
    try:
        while (call := read_message(calls)) is not None:
            write_message(outcomes, outcome_of(call))
            del call  # before the wait for the next one, which may be long
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
