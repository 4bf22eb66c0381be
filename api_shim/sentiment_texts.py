"""What a request about sentiment reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api_shim.moments import moment
from api_shim.operations import Call
from api_shim.schemas.sentiment import ALL_TIME, DateRange, SentimentRequest
from assay.contracts.sentiment import AnalysisLevel, LatestGeneration
from assay.contracts.wire import parse_uuid
from assay.domain.filters.predicates import Filters
from assay.domain.sentiment.extraction import (
    GENERATIONS_OF_TRACE,
    LONGEST_ALONE,
    LONGEST_IN_TRACE,
    Message,
    messages_of_generation,
    messages_of_trace,
)
from assay.errors import StoreUnavailable, WorkFailed

MOST_ROWS: Final = 200

_USUAL_SPAN: Final = timedelta(days=7)

_FIRST_INSTANT: Final = datetime.min.replace(tzinfo=UTC)
_LAST_INSTANT: Final = datetime.max.replace(tzinfo=UTC)

type _Call = Call[Any, Any]


async def messages_asked_for(call: _Call, form: SentimentRequest) -> Mapping[str, Sequence[Message]]:
    """The messages of what each id names; none if there is no such thing.

    Raises:
        WorkFailed: the event store did not answer.
    """
    read = _of_traces if form.analysis_level is AnalysisLevel.TRACE else _of_generations
    async with call.deps.large_reads:
        try:
            return await asyncio.to_thread(read, call, list(dict.fromkeys(form.ids)), _span(form))
        except StoreUnavailable as error:
            raise WorkFailed(f"The messages could not be read: {error.detail}") from error


def latest_generations(
    call: _Call, filters: Filters, date_range: DateRange, now: datetime
) -> Sequence[LatestGeneration]:
    """The newest generation of each trace; blocks, use a thread and `large_reads`.

    Raises:
        WorkFailed: the event store did not answer.
    """
    try:
        return call.deps.inputs.latest(
            call.project.id,
            filters,
            since=_bound(date_range.date_from, now, last=False),
            until=_bound(date_range.date_to, now, last=True),
            now=now,
            limit=MOST_ROWS,
        )
    except StoreUnavailable as error:
        raise WorkFailed(f"The generations could not be read: {error.detail}") from error


def _bound(text: str | None, now: datetime, *, last: bool) -> datetime | None:
    """A bound of a span; None if the text names none, or no end."""
    if text is None:
        return None
    if text.strip() == ALL_TIME:
        return _LAST_INSTANT if last else _FIRST_INSTANT
    return moment(text, now, last=last)


def _span(form: SentimentRequest) -> Mapping[str, datetime]:
    now = datetime.now(UTC)
    since = _bound(form.date_from, now, last=False) or now - _USUAL_SPAN
    return {"since": since, "until": _bound(form.date_to, now, last=True) or now}


def _of_traces(
    call: _Call, ids: Sequence[str], span: Mapping[str, datetime]
) -> Mapping[str, Sequence[Message]]:
    found = call.deps.inputs.of_traces(
        call.project.id, ids, **span, limit=GENERATIONS_OF_TRACE, longest=LONGEST_IN_TRACE
    )
    return {trace_id: messages_of_trace(found.get(trace_id, ())) for trace_id in ids}


def _of_generations(
    call: _Call, ids: Sequence[str], span: Mapping[str, datetime]
) -> Mapping[str, Sequence[Message]]:
    uuids = {text: uuid for text in ids if (uuid := parse_uuid(text)) is not None}
    found = call.deps.inputs.of_generations(
        call.project.id, list(uuids.values()), **span, longest=LONGEST_ALONE
    )
    return {
        text: messages_of_generation(found[uuids[text]].input) if uuids.get(text) in found else []
        for text in ids
    }
