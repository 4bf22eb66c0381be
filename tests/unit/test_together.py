from __future__ import annotations

import asyncio

import pytest

from assay.domain.together import few_at_once


class Calls:
    """Calls that end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self._outcomes: dict[int, asyncio.Future[None]] = {}

    async def __call__(self, item: int) -> None:
        self.begun.append(item)
        self._outcomes[item] = asyncio.get_running_loop().create_future()
        await self._outcomes[item]
        self.ended.append(item)

    async def end(self, item: int, error: Exception | None = None) -> None:
        """Let one end, and what follows happen."""
        outcome = self._outcomes[item]
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that can."""
        for _ in range(10):
            await asyncio.sleep(0)


async def test_so_many_are_under_way_and_all_are_done() -> None:
    calls = Calls()
    doing = asyncio.create_task(few_at_once(calls, range(5), at_once=2))
    await calls.settle()
    assert calls.begun == [0, 1]

    for item in (1, 0, 3, 2, 4):
        await calls.end(item)
    await doing
    assert calls.ended == [1, 0, 3, 2, 4]
    assert calls.begun == [0, 1, 2, 3, 4]


async def test_after_a_failure_none_is_begun_and_none_is_cancelled() -> None:
    calls = Calls()
    doing = asyncio.create_task(few_at_once(calls, range(9), at_once=3))
    await calls.settle()

    await calls.end(1, ValueError("first"))
    assert not doing.done()
    await calls.end(0)
    await calls.end(2, ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        await doing
    assert (calls.begun, calls.ended) == ([0, 1, 2], [0])


async def test_whoever_gives_up_ends_all() -> None:
    calls = Calls()
    doing = asyncio.create_task(few_at_once(calls, range(9), at_once=3))
    await calls.settle()

    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert (calls.begun, calls.ended) == ([0, 1, 2], [])


async def test_of_nothing_there_is_nothing_to_do() -> None:
    await few_at_once(Calls(), [], at_once=3)
