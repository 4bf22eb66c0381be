"""Traces and single events, found by what people know of them: an id and a span of time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from assay.contracts.events import Event
from assay.contracts.traces import TraceState

__all__ = ["TraceReads", "TraceState"]


class TraceReads(Protocol):
    """Events of traces, each once however often it was sent; calls block, use a thread.

    A trace consists of `$ai_…` events. Summaries that Assay itself stored about it are not part of it.
    """

    def state(self, project_id: int, trace_id: str, *, since: datetime, until: datetime) -> TraceState | None:
        """What is known of a trace; None if there is none.

        Args:
            since, until: aware; half-open.
        """

    def marks(self, project_id: int, trace_ids: Sequence[str]) -> Mapping[str, str]:
        """The `TraceState.mark` of each of these traces that there is."""

    def events(
        self, project_id: int, trace_id: str, *, since: datetime, until: datetime, limit: int
    ) -> list[Event]:
        """The oldest `limit` events of a trace in a span of time, oldest first.

        Args:
            since, until: aware; half-open.
        """

    def find(
        self, project_id: int, uuid: UUID, *, names: Collection[str], since: datetime, until: datetime
    ) -> Event | None:
        """The event with this uuid and one of these names that happened in a span of time, or None.

        Args:
            since, until: aware; half-open.
        """
