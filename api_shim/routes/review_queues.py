"""`/llm_analytics/review_queues/`: where traces wait for a review."""

from __future__ import annotations

from typing import Any

from api_shim.object_operations import change, creation, deletion, existing, list_of, retrieval
from api_shim.operations import Call, Resource
from api_shim.pagination import Page, page_of
from api_shim.schemas.review_queues import ReviewQueueListQuery, ReviewQueueRequest, ReviewQueueResponse
from assay.contracts.review_queues import ReviewQueue, ReviewQueueQuery
from assay.errors import NotFound


async def list_review_queues(call: Call[None, ReviewQueueListQuery]) -> Page[ReviewQueueResponse]:
    """List all review queues.

    Deleted ones are left out.
    """
    query = ReviewQueueQuery(
        name=call.query.name,
        search=call.query.search,
        order_by=call.query.order_by,
        limit=call.query.limit,
        offset=call.query.offset,
    )
    count, found = await call.deps.registry.review_queues.list(call.project.id, query)
    return page_of(call, count, list(map(ReviewQueueResponse.of, found)))


async def create_review_queue(call: Call[ReviewQueueRequest, None]) -> ReviewQueueResponse:
    """Create a review queue."""
    form = await call.body()
    created = await call.deps.registry.review_queues.create(
        call.project.id, form.name, created_by=call.principal.user.id
    )
    return ReviewQueueResponse.of(created)


async def retrieve_review_queue(call: Call[None, None]) -> ReviewQueueResponse:
    """Retrieve a review queue."""
    return ReviewQueueResponse.of(await _find(call))


async def change_review_queue(call: Call[ReviewQueueRequest, None]) -> ReviewQueueResponse:
    """Rename a review queue."""
    await _find(call)
    form = await call.body()
    changed = await call.deps.registry.review_queues.rename(call.project.id, call.id, form.name)
    return ReviewQueueResponse.of(existing(changed))


async def delete_review_queue(call: Call[None, None]) -> None:
    """Delete a review queue with its items.

    Its name can be used again, and its traces can be put into other queues.
    """
    if not await call.deps.registry.review_queues.delete(call.project.id, call.id):
        raise NotFound("Not found.")


async def _find(call: Call[Any, Any]) -> ReviewQueue:
    return existing(await call.deps.registry.review_queues.get(call.project.id, call.id))


RESOURCE = Resource(
    path="llm_analytics/review_queues",
    scope="llm_analytics",
    operations=(
        list_of(ReviewQueueResponse, list_review_queues, query=ReviewQueueListQuery),
        creation(ReviewQueueRequest, ReviewQueueResponse, create_review_queue),
        retrieval(ReviewQueueResponse, retrieve_review_queue),
        change(ReviewQueueRequest, ReviewQueueResponse, change_review_queue),
        deletion(delete_review_queue),
    ),
)
