"""A fair pool of driver clients."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Protocol

from assay.domain.lines import OWNER, Lines
from assay.errors import StoreUnavailable


class Closable(Protocol):
    """What a pool can hold."""

    def close(self) -> None:
        """Release the client."""


class Pool[C: Closable]:
    """Lends clients to threads; owners (`OWNER`) take turns, however many threads of one owner wait.

    A lock would let a thread that has just returned a client take it again at once, so a busy reader could
    keep a writer out for seconds. Here a returned client goes straight to the thread that is next.

    Args:
        clients: one entry per concurrent loan; the same client may appear several times if it serves
            several threads at once.
    """

    def __init__(self, clients: Sequence[C]) -> None:
        self._clients = list(dict.fromkeys(clients))
        self._idle = list(clients)
        self._waiting: Lines[Future[C]] = Lines(lambda turn: not turn.done())
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def borrow(self) -> Iterator[C]:
        """A client for the block; waits for one while all are lent.

        Raises:
            StoreUnavailable: the pool is closed.
        """
        client = self._take()
        try:
            yield client
        finally:
            self._give_back(client)

    @property
    def waiting(self) -> int:
        """How many threads wait for a client."""
        with self._lock:
            return len(self._waiting)

    def close(self) -> None:
        """Lend no more and close every client; one in use is closed when its call returns."""
        with self._lock:
            self._closed = True
        for client in self._clients:
            client.close()

    def _take(self) -> C:
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The event store is closed.")
            if self._idle:
                return self._idle.pop()
            turn: Future[C] = Future()
            self._waiting.join(OWNER.get(), turn)
        return turn.result()

    def _give_back(self, client: C) -> None:
        with self._lock:
            turn = self._waiting.pop()
            if turn is None:
                self._idle.append(client)
                return
        turn.set_result(client)
