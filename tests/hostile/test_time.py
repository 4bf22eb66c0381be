"""The clock stops what the steps would let run, also inside the slowest library functions."""

from __future__ import annotations

import time
from random import Random

import pytest

from assay.domain.hog.errors import Limit, LimitExceeded
from assay.domain.hog.limits import Limits
from assay.errors import HogUnavailable
from tests.unit.hog.programs import run

LIMITS = Limits(steps=1_000_000_000, seconds=0.3)
FENCE_SECONDS = 3.0
"""Ten times what is allowed, in time of the processor, so that a busy machine changes nothing."""

ANY_ORDER = "".join(Random(1).choices("ab", k=2_000_000))
"""A text that drives patterns which count through all of their states."""

SLOW = {
    "a loop": "while (true) { }",
    "a loop that fails": "while (true) { try { nobody } catch { } }",
    "a pattern with many states": "return match(input, '[ab]*a[ab]{400}c')",
    "a pattern with many states and groups": "return extractRegex(input, '([ab]*)a([ab]{400})c')",
    "a wildcard for each letter": "return input ilike concat('a%', '_' * 300, 'c')",
    "new patterns": "let i := 0 while (true) { match('x', concat(i, '(a|b){1,300}')) i := i + 1 }",
    "sorting": "while (true) { arraySort(arrayMap(x -> [x % 7, x], range(10000))) }",
    "JSON": "let s := concat('[', '[1],' * 20000, '1]') while (true) { jsonParse(s) }",
    "zones": "while (true) { toTimeZone(now(), 'Asia/Tokyo') }",
    "lists within each other": "let a := [1] while (true) { a := [a, a] toString(a) == jsonStringify(a) }",
    "digests": "while (true) { sha256(input) }",
}


@pytest.mark.parametrize("source", SLOW.values(), ids=SLOW)
def test_time_is_up(source: str) -> None:
    started = time.process_time()
    with pytest.raises((LimitExceeded, HogUnavailable)) as stopped:
        run(source, {"input": ANY_ORDER}, LIMITS)
    assert time.process_time() - started < FENCE_SECONDS
    if isinstance(stopped.value, LimitExceeded):  # a machine may be too busy to tell
        assert stopped.value.limit in {Limit.TIME, Limit.MEMORY}
