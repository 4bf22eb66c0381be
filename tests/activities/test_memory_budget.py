"""Room in memory: who gets it, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.memory_budget import MemoryBudget

MANY = 20
"""Rounds of the event loop in which everything happens that does not wait for something."""


class Readers:
    """Who uses a budget of 10; names are `<owner><number>`.

    Attributes:
        order: who was let in, in order.
    """

    def __init__(self) -> None:
        self.budget = MemoryBudget(10)
        self.order: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._done: dict[str, asyncio.Event] = {}

    async def read(self, *names: str, size: int) -> None:
        for name in names:
            self._done[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._read(name, size))
            await settled()

    async def _read(self, name: str, size: int) -> None:
        async with self.budget.room(size, owner=name[0]):
            self.order.append(name)
            await self._done[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self._done[name].set()
            await settled()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self._tasks[name].cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await settled()

    async def close(self) -> None:
        await self.cancel(*self._tasks)


async def settled() -> None:
    for _ in range(MANY):
        await asyncio.sleep(0)


@asynccontextmanager
async def readers() -> AsyncIterator[Readers]:
    reading = Readers()
    yield reading
    await reading.close()
    assert reading.budget.used == 0


async def test_no_more_are_let_in_than_there_is_room_for() -> None:
    async with readers() as reading:
        await reading.read("a1", "a2", "a3", size=4)
        assert (reading.order, reading.budget.used) == (["a1", "a2"], 8)
        await reading.end("a1")
        assert (reading.order, reading.budget.used) == (["a1", "a2", "a3"], 8)


async def test_owners_take_turns() -> None:
    async with readers() as reading:
        await reading.read("a1", "a2", "a3", "a4", "b1", "c1", size=10)
        for name in ("a1", "a2", "a3", "b1", "c1"):
            await reading.end(name)
        assert reading.order == ["a1", "a2", "a3", "b1", "c1", "a4"]  # a2 was next before others came


async def test_the_large_are_not_passed_by_and_are_let_in_alone() -> None:
    async with readers() as reading:
        await reading.read("a1", size=1)
        await reading.read("b1", size=11)
        await reading.read("c1", size=1)
        assert reading.order == ["a1"]
        await reading.end("a1")
        assert reading.order == ["a1", "b1"]
        await reading.end("b1")
        assert reading.order == ["a1", "b1", "c1"]


async def test_who_gives_up_keeps_nobody_waiting() -> None:
    async with readers() as reading:
        await reading.read("a1", size=9)
        await reading.read("b1", "c1", size=5)
        await reading.read("d1", size=1)
        await reading.give_up("c1")
        await reading.give_up("b1")
        assert reading.order == ["a1", "d1"]
        await reading.give_up("a1")
        assert reading.budget.used == 1
