from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.pace import Pace


def test_quick_items_are_soon_taken_many_at_a_time() -> None:
    pace = Pace(1.0)
    sizes = []
    for _ in range(4):
        sizes.append(pace.size)
        pace.took(pace.size, pace.size * 0.0002)
    assert sizes == [10, 50, 200, 200]


def test_slow_items_are_taken_one_by_one() -> None:
    pace = Pace(1.0)
    pace.took(10, 100.0)
    assert pace.size == 1


@given(st.lists(st.floats(1e-6, 20), max_size=30))
def test_a_take_lasts_no_longer_than_it_should_if_items_take_as_long_as_before(per_item: list[float]) -> None:
    pace = Pace(1.0)
    for seconds in per_item:
        pace.took(pace.size, pace.size * seconds)
        assert pace.size == 1 or pace.size * seconds <= 1.0 + 1e-9
        assert 1 <= pace.size <= 200
