"""Taking turns on the event loop, so that calls spread out instead of marching in step.

A loop runs all tasks that are ready before it sends anything. Calls whose answers arrive together would be
worked on together and sent on together, the first as late as the last, and so arrive together again: with
milliseconds of work for each, a wave of 64 adds a tenth of a second to every call. One turn per round of the
loop lets the first go while the others still wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, override

import httpx


class Turns:
    """One task at a time goes on, in the order of asking. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_going = False

    async def mine(self) -> None:
        """Wait for a round of the loop that no other task has for its turn."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._is_going:
            self._is_going = True
            loop.call_soon(self._next)
        await turn

    def _next(self) -> None:
        while self._waiting and (turn := self._waiting.popleft()):
            if not turn.done():  # it was cancelled
                turn.set_result(None)
                break
        self._is_going = bool(self._waiting)
        if self._is_going:
            asyncio.get_running_loop().call_soon(self._next)


class TurnTakingClient(httpx.AsyncClient):
    """Sends through `client`; whoever gets an answer waits for a turn before going on with it.

    The connections are `client`'s: closing this one closes none, and it need not be closed.
    """

    def __init__(self, client: httpx.AsyncClient, turns: Turns) -> None:
        super().__init__(transport=httpx.AsyncBaseTransport(), timeout=client.timeout, trust_env=False)
        self._through = client
        self._turns = turns

    @override
    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send one request; raises what `client` raises."""
        response = await self._through.send(request, **options)
        try:
            await self._turns.mine()
        except BaseException:
            await response.aclose()
            raise
        return response
