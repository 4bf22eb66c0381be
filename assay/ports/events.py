"""Where captured and derived events are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from assay.contracts.events import Event, EventRef, WriteResult
from assay.domain.filters.predicates import Filters


class EventStore(Protocol):
    """Captured events and the derived ones (`$ai_evaluation` …), one table."""

    def insert(self, events: Sequence[Event]) -> None:
        """Write events; they are durable when this returns. Writing an event again changes no answer."""

    def find_event(self, ref: EventRef, *, distinct_id: str | None = None) -> Event | None:
        """One event by its full address, or None. `distinct_id`, when given, must match as well."""

    def trace(self, project_id: int, trace_id: str, *, limit: int = 1000) -> list[Event]:
        """The events of one trace, oldest first, each uuid once."""

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
        """Where the newest events of one kind are, newest first, each uuid once.

        References, because events can be long: who wants several reads one after the other.

        Args:
            since, until: aware; the events are not older than the one and older than the other. Relative
                dates of filters count from `until`.
            any_of: an event passes if all filters of one of them accept it; none let all pass.
            limit: most events; what is read of those that are left out does not depend on how long they are.
        """

    def ping(self) -> None:
        """Prove that the store answers."""

    def migrate(self) -> list[str]:
        """Apply the schema migrations that are still missing; returns their names."""

    def close(self) -> None:
        """Release the store."""


class EventWriter(Protocol):
    """Writes few events at a time, from many places, at the price of large inserts."""

    async def write(self, events: Sequence[Event], *, size: int) -> WriteResult:
        """Store events; they are durable when this returns, except those that the result names.

        Args:
            size: bytes of the events, roughly: bounds what waits.

        Raises:
            StoreUnavailable: nothing is known to be stored; writing the same events again is safe.
        """
