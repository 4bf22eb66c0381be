from __future__ import annotations

import asyncio
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from assay.domain.turns import Turns


async def served(turns: Turns, owners: str, *, work: int = 1) -> str:
    """The order in which calls of these owners have the only place."""
    order = ""

    async def call(owner: str) -> None:
        nonlocal order
        for _ in range(work):
            await turns.take(owner)
            order += owner
            await asyncio.sleep(0)
            turns.give_back()

    await asyncio.gather(*map(call, owners))
    return order


async def test_owners_take_turns_however_many_wait() -> None:
    assert await served(Turns(1), "aaaaabbc") == "aabcabaa"


async def test_who_comes_back_stands_at_the_end() -> None:
    assert await served(Turns(1), "ab", work=3) == "ababab"


async def test_within_an_owner_first_come_is_first_served() -> None:
    turns = Turns(1)
    order: list[int] = []

    async def call(number: int) -> None:
        await turns.take("a")
        order.append(number)
        turns.give_back()

    await turns.take("b")
    calls = [asyncio.create_task(call(number)) for number in range(5)]
    await asyncio.sleep(0)
    turns.give_back()
    await asyncio.gather(*calls)
    assert order == list(range(5))


@given(st.text("abc", min_size=1, max_size=12))
def test_everybody_is_served_and_nobody_twice_while_others_wait(owners: str) -> None:
    order = asyncio.run(served(Turns(1), owners))
    assert sorted(order) == sorted(owners)
    left = {owner: owners.count(owner) for owner in owners}
    left[order[0]] -= 1
    for owner, run in groupby(order[1:]):
        length = len(list(run))
        left[owner] -= length
        assert length == 1 or not any(count for other, count in left.items() if other != owner)


async def test_who_gives_up_waiting_costs_nobody_a_place() -> None:
    turns = Turns(1)
    await turns.take("a")
    waiting = [asyncio.create_task(turns.take(owner)) for owner in "bbc"]
    await asyncio.sleep(0)
    waiting[0].cancel()
    turns.give_back()
    await waiting[1]
    turns.give_back()
    await waiting[2]
    turns.give_back()
    await asyncio.wait_for(turns.take("d"), 40)


async def test_a_place_that_comes_to_somebody_who_just_gave_up_goes_on() -> None:
    turns = Turns(1)
    await turns.take("a")
    first, second = [asyncio.create_task(turns.take(owner)) for owner in "bc"]
    await asyncio.sleep(0)
    turns.give_back()
    first.cancel()
    await asyncio.wait_for(second, 40)
    assert first.cancelled()
