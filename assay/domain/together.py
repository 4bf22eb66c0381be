"""Several things at the same time, of which all are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
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
