"""Body and answer of the text representation."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from assay.contracts.wire import Boolean, Choice, Integer, JsonValue, RequestModel, ResponseModel
from assay.domain.text_repr import DEFAULT_MAX_DEPTH, Options

_DEFAULTS = Options()


class TextReprEventType(StrEnum):
    """What can be shown as text."""

    GENERATION = "$ai_generation"
    SPAN = "$ai_span"
    EMBEDDING = "$ai_embedding"
    TRACE = "$ai_trace"


class TextReprOptions(RequestModel):
    """How the text is made; lengths are in characters."""

    max_length: Annotated[int, Integer()] = _DEFAULTS.max_length
    """Longest text; of a longer one, evenly spaced lines are shown. 0: no limit."""
    truncated: Boolean = _DEFAULTS.truncated
    """Whether the middle of long contents is left out."""
    truncate_buffer: Annotated[int, Integer()] = _DEFAULTS.truncate_buffer
    """How much of a long content stays, half of it at each end."""
    include_markers: Boolean = _DEFAULTS.include_markers
    """Whether what is left out or folded stays in the text, as Base64 in `<<<…>>>`."""
    collapsed: Boolean = _DEFAULTS.collapsed
    """Whether a tree has one line per event, without the events' texts."""
    include_metadata: Boolean = True
    """Accepted, and without effect."""
    include_hierarchy: Boolean = _DEFAULTS.include_hierarchy
    """Whether a trace is shown as a tree; if not, by its input and output."""
    max_depth: Annotated[int, Integer()] = DEFAULT_MAX_DEPTH
    """Deepest level of a tree that is shown, at most 30; the roots are level 0."""
    tools_collapse_threshold: Annotated[int, Integer()] = _DEFAULTS.tools_collapse_threshold
    """Longest list of tools that is not folded."""
    include_line_numbers: Boolean = _DEFAULTS.include_line_numbers
    """Whether each line begins with its number."""

    def options(self) -> Options:
        """The same for the formatter."""
        return Options(**self.model_dump(exclude={"include_metadata"}))


class TextReprRequest(RequestModel):
    """An event or a trace, and how to show it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_type": "$ai_generation",
                    "data": {
                        "id": "gen_123",
                        "event": "$ai_generation",
                        "properties": {
                            "$ai_input": [{"role": "user", "content": "What is the capital of France?"}],
                            "$ai_output_choices": [{"message": {"role": "assistant", "content": "Paris."}}],
                        },
                    },
                    "options": {"include_line_numbers": True},
                },
                {
                    "event_type": "$ai_trace",
                    "data": {
                        "trace": {"id": "trace_1", "properties": {"$ai_span_name": "checkout bot"}},
                        "hierarchy": [
                            {
                                "event": {
                                    "id": "span_1",
                                    "event": "$ai_span",
                                    "properties": {"$ai_span_name": "plan", "$ai_latency": 1.2},
                                },
                                "children": [],
                            }
                        ],
                    },
                    "options": {"collapsed": True},
                },
            ]
        }
    )

    event_type: Annotated[TextReprEventType, Choice()]
    """What `data` is."""
    data: JsonValue
    """An event: `id`, `event` (its name, which chooses the form) and `properties`. A trace: `trace` (with an
    `id` or `properties.$ai_trace_id`) and `hierarchy`, a list of `{"event": …, "children": […]}`."""
    options: TextReprOptions = Field(default_factory=TextReprOptions)
    """How the text is made."""


class TextReprMetadata(ResponseModel):
    """What was shown, and how."""

    event_type: TextReprEventType
    event_id: str | int | float | None
    """The event's id as it was sent; null for traces."""
    trace_id: str | int | float | None
    """The `$ai_trace_id` that was sent, if there was one."""
    rendering: str = "detailed"
    """Always `detailed`."""
    char_count: int
    """Length of the text in characters."""
    truncated: bool
    """Whether lines are missing because the text was longer than `max_length`."""


class TextReprResponse(ResponseModel):
    """An event or a trace as text."""

    text: str
    metadata: TextReprMetadata


class MisshapenData(Exception):
    """The data is no event or trace; the message says what is missing."""


class WrongValue(Exception):
    """A value inside the data has a type of which no text can be made; the message names it."""


def checked_event(data: Any) -> dict[str, Any]:
    """The data of an event.

    Raises:
        MisshapenData: it has no `id` or no `properties`.
        WrongValue: one of its values has the wrong type.
    """
    if not isinstance(data, dict):
        raise MisshapenData("data must be an object.")
    if not isinstance(data.get("properties"), dict):
        raise MisshapenData("data must have 'properties', an object.")
    if data.get("id") in (None, ""):
        raise MisshapenData("data must have an 'id'.")
    if not _is_scalar(data["id"]):
        raise WrongValue("data.id must be a string or a number.")
    _check_event(data, "data")
    return data


def checked_trace(data: Any) -> tuple[dict[str, Any], list[Any]]:
    """The data of a trace: the trace itself and its tree.

    Raises:
        MisshapenData: there is no trace, no id or no list of nodes.
        WrongValue: a node, or a value in one, has the wrong type.
    """
    if not isinstance(data, dict):
        raise MisshapenData("data must be an object.")
    trace, hierarchy = data.get("trace"), data.get("hierarchy")
    if not trace or not isinstance(trace, dict):
        raise MisshapenData("data must have a 'trace', an object.")
    if not isinstance(hierarchy, list):
        raise MisshapenData("data must have a 'hierarchy', a list of nodes.")
    properties = trace.get("properties")
    if not isinstance(properties, dict | None):
        raise WrongValue("data.trace.properties must be an object.")
    if trace.get("id") in (None, "") and not (properties or {}).get("$ai_trace_id"):
        raise MisshapenData("data.trace must have an 'id' or 'properties.$ai_trace_id'.")
    _check_title(trace, properties or {})
    _check_nodes(hierarchy)
    return trace, hierarchy


def trace_id_of(form: TextReprRequest) -> str | int | float | None:
    """The trace that was sent, or that the event belongs to, if the checked data say so."""
    if form.event_type is TextReprEventType.TRACE:
        found = (form.data["trace"].get("properties") or {}).get("$ai_trace_id")
    else:
        found = form.data["properties"].get("$ai_trace_id") or form.data.get("trace_id")
    return found if _is_scalar(found) else None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _check_title(trace: dict[str, Any], properties: dict[str, Any]) -> None:
    for path, holder, key in (
        ("data.trace.properties", properties, "$ai_span_name"),
        ("data.trace", trace, "traceName"),
        ("data.trace", trace, "trace_name"),
    ):
        if holder.get(key) and not isinstance(holder[key], str):
            raise WrongValue(f"{path}.{key} must be a string.")


def _check_nodes(hierarchy: list[Any]) -> None:
    waiting = [("data.hierarchy", hierarchy)]
    while waiting:
        path, nodes = waiting.pop()
        for position, node in enumerate(nodes):
            here = f"{path}[{position}]"
            if not isinstance(node, dict) or not isinstance(node.get("event"), dict):
                raise WrongValue(f"{here}.event must be an object with 'id', 'event' and 'properties'.")
            _check_event(node["event"], f"{here}.event")
            children = node.get("children")
            if not isinstance(children, list | None):
                raise WrongValue(f"{here}.children must be a list of nodes.")
            if children:
                waiting.append((f"{here}.children", children))


def _check_event(event: dict[str, Any], path: str) -> None:
    properties = event.get("properties")
    if properties is None:
        return
    if not isinstance(properties, dict):
        raise WrongValue(f"{path}.properties must be an object.")
    name = properties.get("$ai_span_name", "")
    if event.get("event") == "$ai_span" and not isinstance(name, str):
        raise WrongValue(f"{path}.properties.$ai_span_name must be a string.")
    for key in ("$ai_latency", "$ai_time_to_first_token", "$ai_total_cost_usd"):
        if not isinstance(properties.get(key), int | float | None):
            raise WrongValue(f"{path}.properties.{key} must be a number.")
