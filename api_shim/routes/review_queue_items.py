"""`/llm_analytics/review_queue_items/`: the traces that wait for a review."""

from __future__ import annotations

from typing import Any

from api_shim.object_operations import creation, deletion, existing, list_of, retrieval
from api_shim.operations import Call, Operation, Resource
from api_shim.pagination import Page, page_of
from api_shim.schemas.review_queue_items import (
    ReviewQueueItemListQuery,
    ReviewQueueItemMove,
    ReviewQueueItemRequest,
    ReviewQueueItemResponse,
)
from assay.contracts.review_queues import ReviewQueueItem, ReviewQueueItemQuery
from assay.errors import NotFound


async def list_review_queue_items(
    call: Call[None, ReviewQueueItemListQuery],
) -> Page[ReviewQueueItemResponse]:
    """List all review queue items.

    Those that were reviewed or removed are left out.
    """
    query = ReviewQueueItemQuery(
        queue_id=call.query.queue_id,
        trace_id=call.query.trace_id,
        trace_ids=call.query.trace_id__in,
        search=call.query.search,
        order_by=call.query.order_by,
        limit=call.query.limit,
        offset=call.query.offset,
    )
    count, found = await call.deps.registry.review_queue_items.list(call.project.id, query)
    return page_of(call, count, list(map(ReviewQueueItemResponse.of, found)))


async def create_review_queue_item(call: Call[ReviewQueueItemRequest, None]) -> ReviewQueueItemResponse:
    """Put a trace into a review queue."""
    form = await call.body()
    created = await call.deps.registry.review_queue_items.create(
        call.project.id, form.queue_id, form.trace_id, created_by=call.principal.user.id
    )
    return ReviewQueueItemResponse.of(created)


async def retrieve_review_queue_item(call: Call[None, None]) -> ReviewQueueItemResponse:
    """Retrieve a review queue item."""
    return ReviewQueueItemResponse.of(await _find(call))


async def move_review_queue_item(call: Call[ReviewQueueItemMove, None]) -> ReviewQueueItemResponse:
    """Move an item to another review queue."""
    await _find(call)
    form = await call.body()
    moved = await call.deps.registry.review_queue_items.move(call.project.id, call.id, form.queue_id)
    return ReviewQueueItemResponse.of(existing(moved))


async def delete_review_queue_item(call: Call[None, None]) -> None:
    """Take a trace out of its review queue."""
    if not await call.deps.registry.review_queue_items.delete(call.project.id, call.id):
        raise NotFound("Not found.")


async def _find(call: Call[Any, Any]) -> ReviewQueueItem:
    return existing(await call.deps.registry.review_queue_items.get(call.project.id, call.id))


RESOURCE = Resource(
    path="llm_analytics/review_queue_items",
    scope="llm_analytics",
    operations=(
        list_of(ReviewQueueItemResponse, list_review_queue_items, query=ReviewQueueItemListQuery),
        creation(ReviewQueueItemRequest, ReviewQueueItemResponse, create_review_queue_item),
        retrieval(ReviewQueueItemResponse, retrieve_review_queue_item),
        Operation(
            "partial_update",
            "PATCH",
            "{id}",
            move_review_queue_item,
            body=ReviewQueueItemMove,
            response=ReviewQueueItemResponse,
        ),
        deletion(delete_review_queue_item),
    ),
)
