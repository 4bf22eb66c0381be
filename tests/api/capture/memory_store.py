"""An event store that only takes events; it can be held, and can be told to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from assay.contracts.events import Event, EventRef
from assay.domain.filters.predicates import Filters


class MemoryStore:
    """Keeps what is inserted, block by block."""

    def __init__(self) -> None:
        self.blocks: list[list[Event]] = []
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Semaphore(0)
        self.fault: Callable[[Sequence[Event]], Exception | None] = lambda _: None
        self._inside = 0

    @property
    def stored(self) -> set[UUID]:
        return {event.uuid for block in self.blocks for event in block}

    def insert(self, events: Sequence[Event]) -> None:
        self._inside += 1
        assert self._inside == 1, "two inserts at once"
        self.entered.release()
        assert self.free.wait(10)
        self._inside -= 1
        if (error := self.fault(events)) is not None:
            raise error
        self.blocks.append(list(events))

    def find_event(self, ref: EventRef, *, distinct_id: str | None = None) -> Event | None:
        raise NotImplementedError

    def trace(self, project_id: int, trace_id: str, *, limit: int = 1000) -> list[Event]:
        raise NotImplementedError

    def recent_refs(
        self,
        project_id: int,
        event: str,
        *,
        since: datetime,
        until: datetime,
        any_of: Sequence[Filters] = (),
        limit: int,
    ) -> list[EventRef]:
        raise NotImplementedError

    def ping(self) -> None:
        raise NotImplementedError

    def migrate(self) -> list[str]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
