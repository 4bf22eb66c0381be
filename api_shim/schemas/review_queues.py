"""Bodies and query parameters of review queues."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from api_shim.filters import OrderBy, SearchFilter, TextFilter
from api_shim.pagination import PageQuery
from api_shim.representations import UserBasic
from assay.contracts.review_queues import ReviewQueue
from assay.contracts.wire import RequestModel, ResponseModel, Text, Timestamp


class ReviewQueueRequest(RequestModel):
    """A review queue."""

    name: Annotated[str, Text(max_length=255)]
    """Name; no other queue of the project has it."""


class ReviewQueueListQuery(PageQuery):
    """Filters, order and page of the list of review queues."""

    name: TextFilter = None
    """Only the queue of this name."""
    search: SearchFilter = ""
    """A piece of the name, in any case."""
    order_by: Annotated[tuple[str, ...], OrderBy(("name", "updated_at", "created_at"))] = ()
    """Order; by name if empty."""


class ReviewQueueResponse(ResponseModel):
    """A review queue."""

    id: UUID
    name: str
    pending_item_count: int
    """Traces that wait in the queue."""
    created_at: Timestamp
    updated_at: Timestamp
    created_by: UserBasic | None
    team: int
    """Id of the project."""

    @classmethod
    def of(cls, queue: ReviewQueue) -> ReviewQueueResponse:
        """The representation of `queue`."""
        return cls(
            id=queue.id,
            name=queue.name,
            pending_item_count=queue.pending_item_count,
            created_at=queue.created_at,
            updated_at=queue.updated_at,
            created_by=UserBasic.of(queue.created_by),
            team=queue.project_id,
        )
