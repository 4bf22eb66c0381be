"""What is summarised: its data as they were sent or stored, its text, and whether there is anything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assay.contracts.events import Event
from assay.contracts.summarization import Summary, SummaryKind, SummaryMode, SummaryPoint
from assay.contracts.traces import TraceState
from assay.domain.digests import digest_of
from assay.domain.summaries.prompts import PROMPT_VERSION
from assay.domain.text_repr import Options, build_hierarchy, format_event, format_trace

LONGEST_TEXT: Final = 25_000_000
"""Characters of a text that is summarised."""

_OPTIONS: Final = Options(
    max_length=0, truncated=False, include_markers=False, collapsed=False, include_line_numbers=True
)
_TRACE: Final = "$ai_trace"
_LONGEST_SUBJECT: Final = 200
_PAYLOAD: Final = (
    "$ai_input",
    "$ai_output",
    "$ai_output_choices",
    "$ai_input_state",
    "$ai_output_state",
    "$ai_error",
    "$ai_is_error",
    "$ai_evaluation_reasoning",
)
_STATES: Final = ("inputState", "input_state", "outputState", "output_state")
"""Of a trace, beside its properties."""

_NOTHING: Final = Summary(
    title="Nothing to summarise",
    flow_diagram="",
    summary_bullets=(SummaryPoint(text="No inputs, outputs, states or errors were captured.", line_refs=""),),
    interesting_notes=(),
)


@dataclass(frozen=True, slots=True)
class Entity:
    """What is summarised.

    Attributes:
        id: of the trace or the event.
        data: `trace` and `hierarchy`, or `event`: objects as `text_repr` takes them.
        source: see `Artifact`.
        is_whole: whether there is no more of it than was asked for.
    """

    kind: SummaryKind
    id: str
    data: Mapping[str, Any]
    source: str = ""
    is_whole: bool = True

    @property
    def text(self) -> str:
        """Its text, every line with its number."""
        if self.kind is SummaryKind.TRACE:
            return format_trace(self.data["trace"], self.data["hierarchy"], _OPTIONS).text
        return format_event(self.data["event"], _OPTIONS).text

    @property
    def has_payload(self) -> bool:
        """Whether anything in it says what it was given, what it made or what went wrong."""
        if self.kind is SummaryKind.EVENT:
            return _says(self.data["event"])
        trace = self.data["trace"]
        return (
            _says(trace) or any(map(trace.get, _STATES)) or any(map(_says, _events(self.data["hierarchy"])))
        )


def nothing_to_summarise() -> Summary:
    """The summary of what has no payload."""
    return _NOTHING


def trace_of(trace_id: str, events: Sequence[Event], state: TraceState) -> Entity:
    """A trace from its events, oldest first: one tree below what `$ai_trace` tells about the whole."""
    told = next((event for event in events if event.event == _TRACE), None)
    trace = {"id": trace_id, "properties": {} if told is None else told.properties}
    others = [_as_sent(event) for event in events if event.event != _TRACE]
    data = {"trace": trace, "hierarchy": build_hierarchy(others)}
    return Entity(SummaryKind.TRACE, trace_id, data, state.mark, state.is_whole)


def event_of(event: Event, source: str) -> Entity:
    """One event."""
    return Entity(SummaryKind.EVENT, str(event.uuid), {"event": _as_sent(event)}, source)


def sent_entity(kind: SummaryKind, data: object) -> Entity:
    """What a caller has sent.

    Raises:
        ValueError: something is missing; the message says what.
    """
    if not isinstance(data, dict):
        raise ValueError("The data must be an object.")
    return _sent_trace(data) if kind is SummaryKind.TRACE else _sent_event(data)


def subject_of(entity_id: str) -> str:
    """What artifacts call a trace or an event: its id, or a digest where that is too long."""
    return entity_id if len(entity_id) <= _LONGEST_SUBJECT else digest_of(entity_id)


def variant_of(kind: SummaryKind, mode: SummaryMode, model: str | None, *, is_whole: bool = True) -> str:
    """Which of several summaries of the same subject; that of a part is never taken for that of the whole."""
    return "/".join((kind, mode, model or "", *(() if is_whole else ("part",))))


def summary_digest(project_id: int, subject: str, variant: str, text_digest: str) -> str:
    """Of all that a summary depends on.

    The project is part of it, as its keys decide who is asked; and the subject, so that two traces with the
    same text have a summary each, which is found by its subject.
    """
    return digest_of("summary", PROMPT_VERSION, str(project_id), subject, variant, text_digest)


def _sent_trace(data: dict[str, Any]) -> Entity:
    trace, hierarchy = data.get("trace"), data.get("hierarchy")
    if not isinstance(trace, dict) or not trace:
        raise ValueError("The data of a trace must have a trace.")
    if not isinstance(hierarchy, list):
        raise ValueError("The data of a trace must have a hierarchy, which is a list.")
    properties = trace.get("properties")
    told = properties.get("$ai_trace_id") if isinstance(properties, dict) else None
    trace_id = _id(told) or _id(trace.get("id"))
    if trace_id is None:
        raise ValueError("The trace must have an id, or a $ai_trace_id in its properties.")
    return Entity(SummaryKind.TRACE, trace_id, {"trace": trace, "hierarchy": hierarchy})


def _sent_event(data: dict[str, Any]) -> Entity:
    event = data.get("event")
    if not isinstance(event, dict):
        raise ValueError("The data of an event must have an event.")
    event_id = _id(event.get("id"))
    if event_id is None:
        raise ValueError("The event must have an id.")
    return Entity(SummaryKind.EVENT, event_id, {"event": event})


def _id(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def _as_sent(event: Event) -> dict[str, Any]:
    return {"id": str(event.uuid), "event": event.event, "properties": event.properties}


def _says(holder: Mapping[str, Any]) -> bool:
    properties = holder.get("properties")
    return isinstance(properties, dict) and any(map(properties.get, _PAYLOAD))


def _events(hierarchy: list[Any]) -> Iterator[dict[str, Any]]:
    """All events of a tree, however deep it is."""
    waiting = list(hierarchy)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        if isinstance(event := node.get("event"), dict):
            yield event
        if isinstance(children := node.get("children"), list):
            waiting += children
