"""Owners take turns, however many of one owner wait."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.lines import Lines


def drained(lines: Lines[str]) -> str:
    order = ""
    while (first := lines.pop()) is not None:
        order += first[0]
    return order


@given(st.text("abc", max_size=12))
def test_everybody_is_served_and_nobody_twice_while_others_wait(owners: str) -> None:
    lines: Lines[str] = Lines(lambda _: True)
    for number, owner in enumerate(owners):
        lines.join(owner, f"{owner}{number}")

    order = drained(lines)

    assert sorted(order) == sorted(owners)
    left = {owner: owners.count(owner) for owner in owners}
    for owner, run in groupby(order):
        length = len(list(run))
        left[owner] -= length
        assert length == 1 or not any(count for other, count in left.items() if other != owner)


def test_who_no_longer_waits_is_passed_over_and_costs_no_turn() -> None:
    gone = {"a0"}
    lines: Lines[str] = Lines(lambda waiting: waiting not in gone)
    for waiting in ("a0", "a1", "b2"):
        lines.join(waiting[0], waiting)

    assert (lines.pop(), lines.pop(), lines.pop()) == ("a1", "b2", None)
    assert not lines


def test_who_leaves_is_not_served() -> None:
    lines: Lines[str] = Lines(lambda _: True)
    lines.join("a", "a0")
    lines.leave("a", "a0")
    lines.leave("a", "a0")

    assert not lines
    assert lines.pop() is None
