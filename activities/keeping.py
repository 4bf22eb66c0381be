"""Storing what was paid for, which is lost if its store is away at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from assay.errors import StoreUnavailable

STORING_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts to store what was paid for."""


async def keep_paid[Kept](
    store: Callable[[], Awaitable[Kept]], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Kept:
    """Store what was paid for, though its store be away for a while.

    Args:
        store: stores it; is called until it succeeds.
        sleep: waits for seconds.

    Returns:
        What `store` does.

    Raises:
        StoreUnavailable: it was away for longer.
    """
    for pause in STORING_PAUSES:
        try:
            return await store()
        except StoreUnavailable:
            await sleep(pause)
    return await store()
