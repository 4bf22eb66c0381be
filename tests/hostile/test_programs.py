"""Hostile programs end as they must, by what they do and not by the clock, and the same way each time."""

from __future__ import annotations

from itertools import islice

import pytest

from assay.domain.hog.limits import Limits
from tests.hostile.programs import FORGED, IN_PROCESS
from tests.hostile.runs import runs

FEW = Limits(steps=100_000, seconds=60.0)
"""Few steps, so that endless programs end soon, and much time, so that a busy machine changes nothing."""

MORE = Limits(steps=1_200_000, seconds=60.0)
"""Enough for a few large values: a text of the largest size takes 250,000 whenever it is made or searched."""

WITHOUT_LARGE_VALUES = ("loops", "sharing", "python")

GLOBALS = {"event": {"uuid": "1"}, "properties": FORGED}


@pytest.mark.parametrize("name", IN_PROCESS)
def test_it_ends_as_it_must_and_again(name: str) -> None:
    source, ending = IN_PROCESS[name]
    limits = FEW if name.startswith(WITHOUT_LARGE_VALUES) else MORE
    first, second = islice(runs(source, GLOBALS, limits), 2)
    assert first.is_as(ending), first
    assert first == second
    assert not first.is_measured, "what the process has had before decides: it belongs to MEMORY_BOMBS"
