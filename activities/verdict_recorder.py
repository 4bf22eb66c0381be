"""Committing the verdicts of a batch as they come, several with one write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from activities.batches import Verdict
from assay.errors import StoreUnavailable

log = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 5.0


class VerdictRecorder:
    """Writes verdicts in blocks, one block at a time: what is reached during one write goes into the next.

    Verdicts are paid for, so while the store is away they wait for it, and `in_order` keeps new ones from
    being bought. Close the recorder at the end: when an attempt is cancelled, what it has reached is kept.

    Args:
        write: writes verdicts; they are stored when it returns.
    """

    def __init__(self, write: Callable[[Sequence[Verdict]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[Verdict] = []
        self._writing: asyncio.Task[None] | None = None
        self._in_order = asyncio.Event()
        self._in_order.set()
        self._closed = False
        self._failure: Exception | None = None

    @property
    def is_broken(self) -> bool:
        """Whether a write has failed for good: `flush` tells how. All others are still made."""
        return self._failure is not None

    def add(self, verdict: Verdict) -> None:
        """Have a verdict written, soon."""
        self._waiting.append(verdict)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())

    @property
    def is_in_order(self) -> bool:
        """Whether the store is there, as far as is known."""
        return self._in_order.is_set()

    async def in_order(self) -> None:
        """Wait while the store is away."""
        await self._in_order.wait()

    async def flush(self) -> None:
        """Wait until everything is written that can be.

        Raises:
            Exception: the first that `write` raised besides `StoreUnavailable`.
        """
        if self._writing is not None:
            await asyncio.shield(self._writing)  # who waits may be cancelled; the verdicts are kept
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Write what still waits, if the store is there, even if whoever waits for it is cancelled."""
        self._closed = True
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_all(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while self._waiting:
            block, self._waiting = self._waiting, []
            if await self._is_done(block):
                pause = _FIRST_PAUSE_SECONDS
            elif self._closed:
                break
            else:
                self._waiting[:0] = block
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        # No await since nobody was seen waiting, so the next verdict starts a task of its own.
        self._writing = None

    async def _is_done(self, block: Sequence[Verdict]) -> bool:
        """Write verdicts, or find that they cannot be; False if the store is away."""
        try:
            await self._write(block)
        except StoreUnavailable as error:
            log.warning("verdicts wait for the store", verdicts=len(block), error=error.detail)
            self._in_order.clear()
            return False
        except Exception as error:  # those that are added later must not be lost with these
            log.exception("verdicts not written", verdicts=len(block))
            self._failure = self._failure or error
        self._in_order.set()
        return True
