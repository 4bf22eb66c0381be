"""Turns on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from assay.adapters.llm.turns import Turns, TurnTakingClient


class Rounds:
    """Counts the rounds of the event loop while the block runs."""

    def __init__(self) -> None:
        self.count = 0
        self._is_counting = True

    def __enter__(self) -> Rounds:
        self._next()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_counting = False

    def _next(self) -> None:
        self.count += 1
        if self._is_counting:
            asyncio.get_running_loop().call_soon(self._next)


async def test_one_goes_on_in_each_round_in_the_order_of_asking() -> None:
    turns, went = Turns(), list[tuple[str, int]]()
    with Rounds() as rounds:

        async def go(name: str) -> None:
            await turns.mine()
            went.append((name, rounds.count))

        await asyncio.gather(*map(go, "abcdef"))
    assert [name for name, _ in went] == list("abcdef")
    first = went[0][1]
    assert [at for _, at in went] == list(range(first, first + 6))


async def test_who_does_not_wait_any_more_costs_no_round() -> None:
    turns, went = Turns(), list[tuple[str, int]]()
    with Rounds() as rounds:

        async def go(name: str) -> None:
            await turns.mine()
            went.append((name, rounds.count))

        tasks = [asyncio.create_task(go(name)) for name in "abcd"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(each, asyncio.CancelledError) for each in found] == [False, True, True, False]
    (first, at), (last, later) = went
    assert (first, last, later - at) == ("a", "d", 1)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_turns_go_on_after_a_pause(cancelled: bool) -> None:
    turns = Turns()
    for _ in range(3):
        waiting = [asyncio.create_task(turns.mine()) for _ in range(4)]
        await asyncio.sleep(0)
        if cancelled:
            for task in waiting:
                task.cancel()
        await asyncio.wait(waiting)
        await asyncio.sleep(0)
    await turns.mine()


async def test_nothing_runs_on_the_loop_while_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    await turns.mine()
    await asyncio.sleep(0)
    loop, called = asyncio.get_running_loop(), list[object]()
    call_soon = loop.call_soon

    def counted(callback: Callable[..., object], *args: Any, **options: Any) -> asyncio.Handle:
        called.append(getattr(callback, "__self__", None))
        return call_soon(callback, *args, **options)

    monkeypatch.setattr(loop, "call_soon", counted)
    for _ in range(3):
        await asyncio.sleep(0)
    assert turns not in called
    await turns.mine()
    assert turns in called


class Body(httpx.AsyncByteStream):
    """Of an answer.

    Attributes:
        is_closed: whether somebody has closed it.
    """

    def __init__(self) -> None:
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"body"

    async def aclose(self) -> None:
        self.is_closed = True


async def test_an_answer_waits_for_its_turn_and_is_closed_if_nobody_takes_it() -> None:
    body, turns = Body(), Turns()
    through = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=body)), trust_env=False
    )
    client = TurnTakingClient(through, turns)
    before = [asyncio.create_task(turns.mine()) for _ in range(20)]
    await asyncio.sleep(0)
    request = httpx.Request("GET", "https://model.example")
    sending = asyncio.create_task(client.send(request, stream=True))
    await before[5]
    assert not sending.done()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert body.is_closed
    assert (await client.send(request)).content == b"body"
    assert all(task.done() for task in before)
