"""`assay bench reports`: what evaluation reports cost.

metrics    all numbers of one report, against the same ones counted in the events themselves
idle       two thousand reports that wait for their time, and how late those are that become due
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.runtime.bench.reports import idle, metrics

_Case = Callable[[int, int], dict[str, Any]]

_CASES: Mapping[str, _Case] = {"metrics": metrics.run, "idle": idle.run}
CASES: Sequence[str] = tuple(_CASES)
"""Names of the cases, in the order in which they run."""


def run(cases: Sequence[str], *, verdicts: int, rounds: int) -> dict[str, Any]:
    """Measure some cases, one after the other.

    Args:
        cases: of `CASES`; none: all of them.
        verdicts: in the period of a report, and as many in the one before.
        rounds: how often the numbers of a report are read.
    """
    chosen = [name for name in CASES if name in cases or not cases]
    return {"cases": {name: _CASES[name](verdicts, rounds) for name in chosen}}
