"""Where review queues are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from assay.contracts.review_queues import (
    ReviewQueue,
    ReviewQueueItem,
    ReviewQueueItemQuery,
    ReviewQueueQuery,
)


class ReviewQueueRepository(Protocol):
    """Review queues of all projects; those that are deleted are not seen."""

    async def create(self, project_id: int, name: str, *, created_by: int | None) -> ReviewQueue:
        """Store a new queue.

        Raises:
            FieldError: attr `name`; another queue of the project has it.
        """

    async def get(self, project_id: int, queue_id: UUID) -> ReviewQueue | None:
        """One queue, or None."""

    async def list(self, project_id: int, query: ReviewQueueQuery) -> tuple[int, list[ReviewQueue]]:
        """Number of matching queues, and one page of them."""

    async def rename(self, project_id: int, queue_id: UUID, name: str | None) -> ReviewQueue | None:
        """Give a queue another name, or save it as it is for None; None if there is no such queue.

        Raises:
            FieldError: attr `name`; another queue of the project has it.
        """

    async def delete(self, project_id: int, queue_id: UUID) -> bool:
        """Delete a queue with its items; False if there is none."""


class ReviewQueueItemRepository(Protocol):
    """Traces in review queues of all projects; those that are done or removed are not seen."""

    async def create(
        self, project_id: int, queue_id: UUID, trace_id: str, *, created_by: int | None
    ) -> ReviewQueueItem:
        """Put a trace into a queue.

        Raises:
            FieldError: attr `queue_id`, there is no such queue; attr `trace_id`, the trace has a review
                or is in a queue.
        """

    async def get(self, project_id: int, item_id: UUID) -> ReviewQueueItem | None:
        """One item, or None."""

    async def list(self, project_id: int, query: ReviewQueueItemQuery) -> tuple[int, list[ReviewQueueItem]]:
        """Number of matching items, and one page of them."""

    async def move(self, project_id: int, item_id: UUID, queue_id: UUID) -> ReviewQueueItem | None:
        """Move an item to another queue; None if there is no such item.

        Raises:
            FieldError: attr `queue_id`; there is no such queue.
        """

    async def delete(self, project_id: int, item_id: UUID) -> bool:
        """Take an item out of its queue; False if there is none."""
