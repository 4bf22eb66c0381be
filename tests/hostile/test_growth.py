"""Processes that run memory bombs stay small: what the system measures, not what the budget believes."""

from __future__ import annotations

import sys

import pytest

from assay.domain.hog.errors import Limit
from assay.domain.hog.limits import MIB, Limits
from tests.hostile.growth import Growth, measured
from tests.hostile.programs import MEMORY_BOMBS, Ending

SLACK = 64 * MIB
"""A program may be stopped after the value that is too much was made, and Python allocates in large pieces."""


@pytest.fixture(scope="module")
def growths() -> dict[str, Growth]:
    return measured({name: source for name, (source, _) in MEMORY_BOMBS.items()})


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what a process has now")
@pytest.mark.parametrize(
    ("name", "ending"), [(name, ending) for name, (_, ending) in MEMORY_BOMBS.items()], ids=MEMORY_BOMBS
)
def test_the_process_stays_small(growths: dict[str, Growth], name: str, ending: Ending) -> None:
    grown = growths[name]
    assert grown.ended == (ending or "")
    assert grown.size < Limits().memory + SLACK, f"{grown.size // MIB} MiB"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell what a process has now")
def test_what_a_process_had_before_does_not_count() -> None:
    programs = {
        "modest": "return length(range(300000)) == 300000",
        "greedy": MEMORY_BOMBS["nested lists"][0],
    }
    grown = measured(programs, ballast=300)
    assert grown["modest"].ended == ""
    assert grown["greedy"].ended == Limit.MEMORY
    assert 48 * MIB < grown["greedy"].size < Limits().memory + SLACK
