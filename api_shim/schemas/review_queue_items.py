"""Bodies and query parameters of review queue items."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from api_shim.filters import OrderBy, SearchFilter, SingleIdFilter, TextFilter, TextListFilter
from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from assay.contracts.review_queues import ReviewQueueItem
from assay.contracts.wire import RequestModel, ResponseModel, Text, Timestamp, Uuid


class ReviewQueueItemRequest(RequestModel):
    """A trace for a review queue."""

    queue_id: Uuid
    """The queue."""
    trace_id: Annotated[str, Text(max_length=255)]
    """The trace; it has no review and waits in no queue."""


class ReviewQueueItemMove(RequestModel):
    """Where an item goes."""

    queue_id: Uuid
    """The queue that the item moves to."""


class ReviewQueueItemListQuery(PageQuery):
    """Filters, order and page of the list of review queue items."""

    queue_id: SingleIdFilter = None
    """Only items of this queue."""
    trace_id: TextFilter = None
    """Only the item of this trace."""
    trace_id__in: TextListFilter = None
    """Only items of these traces."""
    search: SearchFilter = ""
    """A piece of the trace id, in any case."""
    order_by: Annotated[tuple[str, ...], OrderBy(("created_at", "updated_at"))] = ()
    """Order; oldest first if empty."""


class ReviewQueueItemResponse(ResponseModel):
    """A trace that waits in a review queue."""

    id: UUID
    queue_id: UUID
    queue_name: str
    trace_id: str
    created_at: Timestamp
    updated_at: Timestamp
    created_by: UserBasic | None
    team: int
    """Id of the project."""

    @classmethod
    def of(cls, item: ReviewQueueItem) -> ReviewQueueItemResponse:
        """The representation of `item`."""
        return cls(
            id=item.id,
            queue_id=item.queue_id,
            queue_name=item.queue_name,
            trace_id=item.trace_id,
            created_at=item.created_at,
            updated_at=item.updated_at,
            created_by=UserBasic.of(item.created_by),
            team=item.project_id,
        )
