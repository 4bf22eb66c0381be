"""Where trace reviews are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from assay.contracts.trace_reviews import TraceReview, TraceReviewChange, TraceReviewQuery, TraceReviewSpec


class TraceReviewRepository(Protocol):
    """Trace reviews of all projects; those that are deleted are not seen."""

    async def create(self, project_id: int, spec: TraceReviewSpec, *, created_by: int | None) -> TraceReview:
        """Store a new review and settle the trace's pending queue item, both or neither.

        Raises:
            FieldError: attr `trace_id`; the trace has a review.
        """

    async def get(self, project_id: int, review_id: UUID) -> TraceReview | None:
        """One review, or None."""

    async def list(self, project_id: int, query: TraceReviewQuery) -> tuple[int, list[TraceReview]]:
        """Number of matching reviews, and one page of them."""

    async def update(
        self, project_id: int, review_id: UUID, change: TraceReviewChange, *, reviewed_by: int | None
    ) -> TraceReview | None:
        """Change a review and settle the trace's pending queue item; None if there is no such review."""

    async def delete(self, project_id: int, review_id: UUID) -> bool:
        """Delete a review; False if there is none."""
