"""What a request wants summarised: sent along, or looked up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api_shim.moments import moment
from api_shim.operations import Call
from api_shim.schemas.summarization import SummarizationRequest
from assay.contracts.event_names import EVALUATION, GENERATION
from assay.contracts.summarization import SummaryKind
from assay.contracts.wire import parse_uuid
from assay.domain.summaries.entities import Entity, event_of, sent_entity, trace_of
from assay.errors import FieldError, NotFound, NotPossible

MOST_EVENTS: Final = 10_000
"""Of a trace; a longer one is refused, not cut."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of the properties of a trace; as objects they take some five times that."""

_DAYS: Final = timedelta(days=30)
_INSTANT: Final = timedelta(microseconds=1)
_SINGLE: Final = (GENERATION, "$ai_span", "$ai_embedding", EVALUATION)
"""What `generation_id` finds."""

type _Call = Call[Any, Any]


async def entity_of(call: _Call, form: SummarizationRequest) -> Entity:
    """What the request names.

    Raises:
        FieldError: the data are not what they are said to be, or the span of time ends before it begins.
        NotFound: there is nothing with that id in that span of time.
        NotPossible: the trace is too large.
    """
    if form.trace_id is not None:
        return await asyncio.to_thread(_trace, call, form.trace_id, _window(form))
    if form.generation_id is not None:
        return await asyncio.to_thread(_event, call, form.generation_id, _window(form))
    try:
        return sent_entity(form.summarize_type or SummaryKind.EVENT, form.data)
    except ValueError as error:
        raise FieldError(str(error), attr=None) from None


def _window(form: SummarizationRequest) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    since = now - _DAYS if form.date_from is None else _moment(form.date_from, now, last=False)
    until = now if form.date_to is None else _moment(form.date_to, now, last=True)
    if form.date_from is not None and form.date_to is not None and since >= until:
        raise FieldError("The end of the time span has to be after its beginning.", attr="date_to")
    return since, until


def _span_words(window: tuple[datetime, datetime]) -> str:
    since, until = window
    return f"between {since:%Y-%m-%d} and {until - _INSTANT:%Y-%m-%d} UTC"


def _moment(text: str, now: datetime, *, last: bool) -> datetime:
    """The beginning of a date, or its end if it is the last one."""
    found = moment(text, now, last=last)
    if found is None:
        raise ValueError(f"{text} is no date.")
    return found


def _trace(call: _Call, trace_id: str, window: tuple[datetime, datetime]) -> Entity:
    traces, project_id = call.deps.traces, call.project.id
    since, until = window
    # First the mark: what arrives after it makes the summary an old one, never a wrong one that looks new.
    state = traces.state(project_id, trace_id, since=since, until=until)
    if state is None or not state.events:
        raise NotFound(f"Trace {trace_id} not found {_span_words(window)}.")
    if state.events > MOST_EVENTS or state.size > MOST_BYTES:
        raise NotPossible(
            f"The trace is too large: it has {state.events:,} events with {state.size:,} bytes; "
            f"{MOST_EVENTS:,} events with {MOST_BYTES:,} bytes are summarised at most."
        )
    events = traces.events(project_id, trace_id, since=since, until=until, limit=MOST_EVENTS)
    return trace_of(trace_id, events, state)


def _event(call: _Call, generation_id: str, window: tuple[datetime, datetime]) -> Entity:
    since, until = window
    uuid = parse_uuid(generation_id)
    traces = call.deps.traces
    event = None
    if uuid is not None:
        event = traces.find(call.project.id, uuid, names=_SINGLE, since=since, until=until)
    if event is None:
        raise NotFound(f"There is no event {generation_id} {_span_words(window)}.")
    return event_of(event, str(event.ingested_at))
