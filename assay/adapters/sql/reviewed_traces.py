"""What trace reviews and review queues know of each other: a trace is reviewed, waits, or neither.

Locks are taken in this order, so that no two transactions wait for each other: trace, review, queue, item.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from assay.adapters.sql.clock import utc_now
from assay.adapters.sql.database import exclusively
from assay.adapters.sql.storable import is_storable
from assay.adapters.sql.tables import ReviewQueueItemRow, TraceReviewRow
from assay.errors import FieldError


async def serialized(session: AsyncSession, project_id: int, trace_id: str) -> None:
    """Let one transaction at a time review or queue a trace, until the transaction ends.

    A unique index keeps reviews unique, and another one items; that a trace is not in both is only sure
    while nobody else changes either.
    """
    await exclusively(session, f"assay review of trace {project_id}/{trace_id}")


async def has_review(session: AsyncSession, project_id: int, trace_id: str) -> bool:
    """Whether the trace has a review that is not deleted."""
    found = exists().where(
        TraceReviewRow.project_id == project_id,
        TraceReviewRow.trace_id == trace_id,
        ~TraceReviewRow.deleted,
    )
    return bool(await session.scalar(select(found)))


def review_exists() -> FieldError:
    """The refusal of anything that needs a trace without a review."""
    return FieldError("This trace has a review already.", attr="trace_id")


async def settle(session: AsyncSession, project_id: int, trace_id: str, *, queue_id: UUID | None) -> None:
    """Delete the pending item of a trace: the one in `queue_id`, or in whichever queue for None."""
    pending = [
        ReviewQueueItemRow.project_id == project_id,
        ReviewQueueItemRow.trace_id == trace_id,
    ]
    if queue_id is not None:
        pending.append(ReviewQueueItemRow.queue_id == queue_id)
    await delete_items(session, *pending)


async def delete_items(session: AsyncSession, *conditions: ColumnElement[bool]) -> int:
    """Mark the items that are not deleted yet; returns how many there were."""
    found = await session.scalars(
        update(ReviewQueueItemRow)
        .where(*conditions, ~ReviewQueueItemRow.deleted)
        .values(deleted=True, updated_at=utc_now())
        .returning(ReviewQueueItemRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def one_of(column: InstrumentedAttribute[str], texts: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column holds one of the texts; those that no column can hold match nothing."""
    return column.in_([text for text in texts if is_storable(text)])
