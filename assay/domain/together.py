"""Several things at the same time, of which all are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any


async def all_of[Result](calls: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    """What calls return, in their order.

    Raises:
        Exception: the first that one of them raised; the others were cancelled then.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]


async def few_at_once[Item](
    call: Callable[[Item], Awaitable[None]], items: Iterable[Item], *, at_once: int
) -> None:
    """Do something with each item, and finish what was begun: what a call has paid for it can keep.

    Args:
        items: begun in this order.
        at_once: calls under way at the same time, at most.

    Raises:
        Exception: the first that a call raised; no other was begun after it, and none was cancelled.
    """
    waiting = iter(items)
    failures: list[Exception] = []

    async def work() -> None:
        while not failures:
            try:
                item = next(waiting)
            except StopIteration:
                return
            try:
                await call(item)
            except Exception as error:
                failures.append(error)

    await all_of(work() for _ in range(at_once))
    if failures:
        raise failures[0]
