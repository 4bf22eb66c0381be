"""Captured events and references to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from assay.contracts.base import Contract, HistoryContract, UtcDatetime
from assay.contracts.event_names import EVALUATION, GENERATION

__all__ = ["EVALUATION", "GENERATION", "Event", "EventRef", "WriteResult", "utc_day"]


class Event(Contract):
    """One captured event.

    Attributes:
        uuid: identity; the same uuid on the same UTC day for the same project and event name is the
            same event, however often it is sent.
        timestamp: when it happened, as the sender says, microseconds, UTC.
        properties: the event's own data; JSON values only.
        ingested_at: when the store took it; None until then.
    """

    project_id: int
    event: str
    uuid: UUID
    distinct_id: str
    timestamp: UtcDatetime
    properties: dict[str, Any]
    ingested_at: UtcDatetime | None = None


class EventRef(HistoryContract):
    """Where to find one event. Payloads carry this, never a body.

    Attributes:
        day: UTC calendar day of the event's timestamp; part of the store's sort key.
    """

    project_id: int
    event: str
    uuid: UUID
    day: date

    @classmethod
    def of(cls, event: Event) -> EventRef:
        """The reference to `event`."""
        return cls(
            project_id=event.project_id, event=event.event, uuid=event.uuid, day=utc_day(event.timestamp)
        )


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of a write of several events.

    Attributes:
        refused: position of an event in the write → why the store refuses it; all others are stored.
    """

    refused: Mapping[int, str]


def utc_day(instant: datetime) -> date:
    """The UTC calendar day of an aware instant."""
    return instant.astimezone(UTC).date()
