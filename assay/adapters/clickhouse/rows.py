"""Events as blocks of the `events` table, and its rows as events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from assay.adapters.clickhouse.properties import LONG_VALUES, SHARED_COLUMN, from_columns, to_columns
from assay.contracts.events import Event
from assay.errors import EventsRejected

FIRST_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST_INSTANT: Final = datetime(2149, 6, 6, 23, 59, 59, 999_999, tzinfo=UTC)
"""Days outside these bounds do not fit the sorting key; the engine would store another day in silence."""

INSERT_TYPES: Final = {
    "project_id": "UInt64",
    "event": "LowCardinality(String)",
    "uuid": "UUID",
    "distinct_id": "String",
    "timestamp": "DateTime64(6, 'UTC')",
    # Exactly the column's type: for another one the engine converts the values by rules of its own, which
    # take text for dates and refuse some keys.
    "properties": "JSON(max_dynamic_paths = 0)",
    SHARED_COLUMN: "String",
    **dict.fromkeys(LONG_VALUES.values(), "String"),
}
"""Columns of an inserted block and how they travel. The store fills in all others."""

SELECTED: Final = ", ".join(
    (
        "project_id",
        "event",
        "uuid",
        "distinct_id",
        "timestamp",
        "ingested_at",
        SHARED_COLUMN,
        *LONG_VALUES.values(),
    )
)
"""What to select for `to_event`."""


def held_day(day: date) -> date:
    """The day, or the nearest one that the store can hold."""
    return min(max(day, FIRST_INSTANT.date()), LAST_INSTANT.date())


def to_block(events: Sequence[Event]) -> list[list[Any]]:
    """The columns of `INSERT_TYPES` for these events.

    Raises:
        EventsRejected: the store cannot hold one of them; the detail names it.
    """
    rows = [_to_row(event) for event in events]
    return [list(column) for column in zip(*rows, strict=True)]


def to_event(row: dict[str, Any]) -> Event:
    """The event of a row of `SELECTED`."""
    return Event(
        project_id=row["project_id"],
        event=row["event"],
        uuid=row["uuid"],
        distinct_id=row["distinct_id"],
        timestamp=row["timestamp"],
        properties=from_columns(row),
        ingested_at=row["ingested_at"],
    )


def _to_row(event: Event) -> tuple[Any, ...]:
    if not FIRST_INSTANT <= event.timestamp <= LAST_INSTANT:
        raise EventsRejected(f"Event {event.uuid}: its timestamp is not between 1970-01-01 and 2149-06-06.")
    try:
        texts = to_columns(event.properties)
        for text in (event.event, event.distinct_id):
            text.encode()
    except ValueError:
        raise EventsRejected(f"Event {event.uuid}: it holds what JSON or UTF-8 cannot.") from None
    return (
        event.project_id,
        event.event,
        event.uuid,
        event.distinct_id,
        event.timestamp,
        texts[SHARED_COLUMN],
        texts[SHARED_COLUMN],
        *(texts[column] for column in LONG_VALUES.values()),
    )
