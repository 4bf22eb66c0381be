import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.judging.excerpt import excerpt, fair_shares

LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")), min_size=1)


@given(st.lists(st.integers(0, 1000)), st.integers(-10, 3000))
def test_fair_shares(sizes: list[int], total: int) -> None:
    shares = fair_shares(sizes, total)
    assert sum(shares) <= max(total, 0)
    assert all(share <= size for share, size in zip(shares, sizes, strict=True))
    cut = [share for share, size in zip(shares, sizes, strict=True) if share < size]
    if cut:
        # nobody who was cut has less than somebody else, but for what integer division leaves over
        assert max(shares) - min(cut) <= 1
        assert sum(shares) >= max(total, 0) - len(cut)
    else:
        assert shares == sizes


@given(LINES, st.integers(60, 2000))
def test_excerpts_fit_and_keep_order_and_ends(lines: list[str], limit: int) -> None:
    text = "\n".join(lines)
    short = excerpt(text, limit)
    assert short == excerpt(text, limit)
    assert len(short.text) <= limit
    kept = short.text.split("\n")
    assert (len(kept), short.total) == (short.shown, len(lines))
    numbers = [int(re.match(r"(\d+): ", line)[1]) for line in kept]  # type: ignore[index]  # a failed match fails the test
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1]) == (1, len(lines))
    for number, line in zip(numbers, kept, strict=True):
        shown = line.removeprefix(f"{number}: ")
        head, cut, tail = shown.partition("…")
        whole = lines[number - 1]
        assert shown == whole or (bool(cut) and whole.startswith(head) and whole.endswith(tail))


@given(LINES, st.integers(-5, 60))
def test_even_a_tiny_limit_holds(lines: list[str], limit: int) -> None:
    assert len(excerpt("\n".join(lines), limit).text) <= max(limit, 0)


def test_sampling_is_even() -> None:
    text = "\n".join(f"line {number} {'x' * 40}" for number in range(1, 1001))
    numbers = [int(line.split(":")[0]) for line in excerpt(text, 6_000).text.split("\n")]
    gaps = {after - before for before, after in pairwise(numbers)}
    assert len(numbers) > 80
    assert max(gaps) - min(gaps) <= 1


def test_one_endless_line_does_not_crowd_out_the_others() -> None:
    lines = [f"line {number}" for number in range(200)]
    lines[100] = "y" * 1_000_000
    short = excerpt("\n".join(lines), 10_000)
    assert short.shown == 200
    assert "\n201: line" not in short.text
    assert "\n100: line 99\n101: yyy" in short.text
    assert short.text.endswith("200: line 199")
    assert len(short.text) > 9_000  # and the room is used


def test_lines_are_left_out_before_the_rest_becomes_unreadable() -> None:
    short = excerpt("\n".join("w" * 10_000 for _ in range(1_000)), 10_000)
    assert {len(line) >= 200 for line in short.text.split("\n")} == {True}


def test_a_single_line_keeps_both_ends() -> None:
    short = excerpt("start" + "z" * 100_000 + "end", 1_000)
    assert short.text.startswith("1: startzz")
    assert short.text.endswith("zzend")
    assert len(short.text) == 1_000
