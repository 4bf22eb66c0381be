"""`/llm_analytics/trace_reviews/`: what people think of traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api_shim.object_operations import change, creation, deletion, existing, list_of, retrieval
from api_shim.operations import Call, Resource
from api_shim.pagination import Page, page_of
from api_shim.partial import sent_fields
from api_shim.schemas.trace_reviews import (
    ScoreRequest,
    TraceReviewListQuery,
    TraceReviewRequest,
    TraceReviewResponse,
)
from assay.contracts.trace_reviews import (
    CheckedScore,
    TraceReview,
    TraceReviewChange,
    TraceReviewQuery,
    TraceReviewSpec,
)
from assay.domain.scores.checks import checked_scores
from assay.errors import FieldError, NotFound


async def list_trace_reviews(call: Call[None, TraceReviewListQuery]) -> Page[TraceReviewResponse]:
    """List all trace reviews.

    Deleted ones are left out.
    """
    query = TraceReviewQuery(
        trace_id=call.query.trace_id,
        trace_ids=call.query.trace_id__in,
        definition_id=call.query.definition_id,
        definition_ids=call.query.definition_id__in,
        search=call.query.search,
        order_by=call.query.order_by,
        limit=call.query.limit,
        offset=call.query.offset,
    )
    count, found = await call.deps.registry.trace_reviews.list(call.project.id, query)
    return page_of(call, count, list(map(TraceReviewResponse.of, found)))


async def create_trace_review(call: Call[TraceReviewRequest, None]) -> TraceReviewResponse:
    """Review a trace.

    A trace has one review. If the trace waits in a review queue, it leaves it.
    """
    form = await call.body()
    spec = TraceReviewSpec(
        trace_id=form.trace_id,
        comment=form.comment or None,
        scores=await _checked(call, form.scores),
        queue_id=form.queue_id,
    )
    created = await call.deps.registry.trace_reviews.create(
        call.project.id, spec, created_by=call.principal.user.id
    )
    return TraceReviewResponse.of(created)


async def retrieve_trace_review(call: Call[None, None]) -> TraceReviewResponse:
    """Retrieve a trace review."""
    return TraceReviewResponse.of(await _find(call))


async def change_trace_review(call: Call[TraceReviewRequest, None]) -> TraceReviewResponse:
    """Change a trace review.

    Fields that are not sent stay as they are; scores that are sent replace all that there were. If the
    trace waits in a review queue, it leaves it.
    """
    review = await _find(call)
    changes = sent_fields(await call.body())
    if changes.pop("trace_id", review.trace_id) != review.trace_id:
        raise FieldError("The trace of a review cannot be changed.", attr="trace_id")
    if "comment" in changes:
        changes["comment"] = changes["comment"] or None
    if "scores" in changes:
        changes["scores"] = await _checked(call, changes["scores"])
    changed = await call.deps.registry.trace_reviews.update(
        call.project.id, call.id, TraceReviewChange(**changes), reviewed_by=call.principal.user.id
    )
    return TraceReviewResponse.of(existing(changed))


async def delete_trace_review(call: Call[None, None]) -> None:
    """Delete a trace review.

    The trace can be reviewed again.
    """
    if not await call.deps.registry.trace_reviews.delete(call.project.id, call.id):
        raise NotFound("Not found.")


async def _checked(call: Call[Any, Any], scores: Sequence[ScoreRequest]) -> tuple[CheckedScore, ...]:
    """The scores as they are stored.

    Versions never change and definitions are never removed, so what is found now still holds when the
    scores are written.

    Raises:
        FieldError: one does not fit.
    """
    if not scores:
        return ()
    inputs = [score.input() for score in scores]
    definition_ids = {score.definition_id for score in inputs}
    version_ids = {score.definition_version_id for score in inputs if score.definition_version_id}
    registry = call.deps.registry.score_definitions
    definitions = await registry.get_many(call.project.id, definition_ids)
    versions = await registry.get_versions(call.project.id, version_ids)
    return checked_scores(inputs, definitions, versions)


async def _find(call: Call[Any, Any]) -> TraceReview:
    return existing(await call.deps.registry.trace_reviews.get(call.project.id, call.id))


RESOURCE = Resource(
    path="llm_analytics/trace_reviews",
    scope="llm_analytics",
    operations=(
        list_of(TraceReviewResponse, list_trace_reviews, query=TraceReviewListQuery),
        creation(TraceReviewRequest, TraceReviewResponse, create_trace_review),
        retrieval(TraceReviewResponse, retrieve_trace_review),
        change(TraceReviewRequest, TraceReviewResponse, change_trace_review),
        deletion(delete_trace_review),
    ),
)
