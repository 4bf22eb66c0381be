from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.portions import portions

TEXTS = st.lists(st.integers(0, 12).map(lambda length: "x" * length), max_size=40)


@given(TEXTS, st.integers(1, 5), st.integers(1, 20))
def test_portions_hold_each_item_once_in_order_within_both_limits(
    texts: list[str], most: int, characters: int
) -> None:
    made = list(portions(texts, length=len, most=most, most_characters=characters))

    assert [text for portion in made for text in portion] == texts
    assert all(1 <= len(portion) <= most for portion in made)
    assert all(len(portion) == 1 or sum(map(len, portion)) <= characters for portion in made)


@given(TEXTS, st.integers(1, 5), st.integers(1, 20))
def test_a_portion_ends_where_the_next_item_does_not_go_in(
    texts: list[str], most: int, characters: int
) -> None:
    for portion, following in pairwise(portions(texts, length=len, most=most, most_characters=characters)):
        assert len(portion) == most or sum(map(len, portion)) + len(following[0]) > characters
