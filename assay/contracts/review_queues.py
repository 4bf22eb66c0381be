"""Review queues: which traces wait for a review."""

from __future__ import annotations

from uuid import UUID

from assay.contracts.access import User
from assay.contracts.base import Contract, UtcDatetime
from assay.contracts.lists import ListQuery


class ReviewQueue(Contract):
    """A queue.

    Attributes:
        name: unique among the queues of the project that are not deleted.
        pending_item_count: traces that wait in it.
    """

    id: UUID
    project_id: int
    name: str
    pending_item_count: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None


class ReviewQueueQuery(ListQuery):
    """Filters, order (name, updated_at, created_at; by name) and page of queues.

    Attributes:
        name: the whole name.
        search: a piece of the name, in any case.
    """

    name: str | None = None
    search: str = ""


class ReviewQueueItem(Contract):
    """A trace that waits in a queue; a project has at most one per trace."""

    id: UUID
    project_id: int
    queue_id: UUID
    queue_name: str
    trace_id: str
    created_at: UtcDatetime
    updated_at: UtcDatetime
    created_by: User | None


class ReviewQueueItemQuery(ListQuery):
    """Filters, order (created_at, updated_at; oldest first) and page of items.

    Attributes:
        trace_id, trace_ids: only items of these traces.
        search: a piece of the trace id, in any case.
    """

    queue_id: UUID | None = None
    trace_id: str | None = None
    trace_ids: tuple[str, ...] | None = None
    search: str = ""
