"""The places of a sample: in proportion, one at least for each size, never more than there are."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from assay.contracts.summarization_windows import Candidate
from assay.domain.window_sampling import allocated, candidates_in_all, sample

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
SIZES = st.dictionaries(st.integers(0, 60), st.integers(0, 10_000), max_size=40)
LIMITS = st.integers(0, 30)


def candidates(sizes: dict[int, int], per_stratum: int) -> list[Candidate]:
    return [
        Candidate(id=f"{stratum}-{number}", timestamp=NOON, stratum=stratum, of_stratum=size)
        for stratum, size in sizes.items()
        for number in range(min(size, per_stratum))
    ]


@given(SIZES, LIMITS)
def test_all_places_are_given_if_there_are_enough_to_take_them(sizes: dict[int, int], limit: int) -> None:
    places = allocated(sizes, limit)
    assert sum(places.values()) == min(limit, sum(sizes.values()))
    assert all(0 < count <= sizes[stratum] for stratum, count in places.items())


@given(SIZES, LIMITS)
def test_every_size_is_seen_as_far_as_there_are_places(sizes: dict[int, int], limit: int) -> None:
    present = {stratum for stratum, size in sizes.items() if size}
    places = allocated(sizes, limit)
    assert len(places) == min(limit, len(present))
    left_out = present - places.keys()
    assert all(sizes[out] <= sizes[stratum] for out in left_out for stratum in places)


@given(SIZES, LIMITS)
def test_beyond_the_first_place_it_is_a_proportion(sizes: dict[int, int], limit: int) -> None:
    places = allocated(sizes, limit)
    left = {stratum: sizes[stratum] - 1 for stratum in places}
    spare, total = limit - len(places), sum(left.values())
    if 0 < spare < total:
        for stratum, count in places.items():
            assert abs((count - 1) - spare * left[stratum] / total) < 1


def test_by_largest_remainder_and_then_by_number() -> None:
    assert allocated({0: 1_000, 3: 10, 5: 1}, 15) == {0: 13, 3: 1, 5: 1}
    assert allocated({0: 5, 1: 5, 2: 5}, 4) == {0: 2, 1: 1, 2: 1}
    assert allocated({0: 5, 1: 9, 2: 9, 3: 1}, 2) == {1: 1, 2: 1}


@given(SIZES, LIMITS)
def test_the_first_of_each_stratum_are_drawn(sizes: dict[int, int], limit: int) -> None:
    offered = candidates(sizes, limit)
    drawn = sample(offered, limit)
    places = allocated(sizes, limit)
    for stratum, count in places.items():
        expected = [f"{stratum}-{number}" for number in range(count)]
        assert [each.id for each in drawn if each.stratum == stratum] == expected
    assert len(drawn) == sum(places.values())
    if limit:
        assert candidates_in_all(offered) == sum(sizes.values())
