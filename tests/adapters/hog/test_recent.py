from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.adapters.hog.recent import Recent

CALLS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)))


@given(CALLS, st.integers(1, 4))
def test_what_was_used_last_is_kept(calls: list[tuple[bool, int]], size: int) -> None:
    recent = Recent[int, int](size)
    used: list[int] = []
    for puts, key in calls:
        known = key in used[-size:]
        if puts:
            recent.put(key, key)
        else:
            assert recent.get(key) == (key if known else None)
        if puts or known:
            used = [*(other for other in used if other != key), key]


def test_a_value_can_be_replaced() -> None:
    recent = Recent[str, int](2)
    recent.put("a", 1)
    recent.put("a", 2)
    assert recent.get("a") == 2
