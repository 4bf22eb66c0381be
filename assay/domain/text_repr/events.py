"""The text of one event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from assay.domain.text_repr.errors import error_lines
from assay.domain.text_repr.labels import evaluation_name, evaluation_result
from assay.domain.text_repr.layout import DASHES, EQUALS, section
from assay.domain.text_repr.messages import input_lines, output_lines
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.rendering import Rendering, rendered
from assay.domain.text_repr.states import state_lines
from assay.domain.text_repr.tools import tool_lines
from assay.domain.text_repr.values import pretty, python_text

_DEFAULTS: Final = Options()


def format_event(event: Mapping[str, Any], options: Options = _DEFAULTS) -> Rendering:
    """The finished text of an event.

    Args:
        event: object with `event`, the event's name, and `properties`; any other than a span, an embedding
            or an evaluation is shown as a generation.
        options: how the text is made.
    """
    return rendered(event_text(event, options), options)


def event_text(event: Mapping[str, Any], options: Options) -> str:
    """The text of an event as it stands inside a tree: without line numbers, of any length."""
    match event.get("event"):
        case "$ai_span":
            return format_span(event, options)
        case "$ai_embedding":
            return format_embedding(event, options)
        case "$ai_evaluation":
            return format_evaluation(event)
    return format_generation(event, options)


def format_generation(event: Mapping[str, Any], options: Options = _DEFAULTS) -> str:
    """Tools, input, output and error of a generation; empty if it has none of them."""
    properties = properties_of(event)
    lines = tool_lines(properties.get("$ai_tools"), options)
    lines += section(lines, input_lines(properties.get("$ai_input"), options))
    lines += section(lines, output_lines(properties, options))
    lines += section(lines, error_lines(properties))
    return "\n".join(lines)


def format_embedding(event: Mapping[str, Any], options: Options = _DEFAULTS) -> str:
    """Input and error of an embedding; its vector is nothing to read."""
    properties = properties_of(event)
    lines = input_lines(properties.get("$ai_input"), options)
    lines += section(lines, [DASHES, "", "OUTPUT:", "", "Embedding vector generated", ""])
    lines += section(lines, error_lines(properties))
    return "\n".join(lines)


def format_span(event: Mapping[str, Any], options: Options = _DEFAULTS) -> str:
    """Name, error and states of a span."""
    properties = properties_of(event)
    name = properties.get("$ai_span_name")
    lines = ["SPAN" if name is None else python_text(name).upper(), EQUALS]
    if error := properties.get("$ai_error"):
        lines += (DASHES, "", "ERROR:", "", error_text(error))
    for heading, key in (("INPUT STATE:", "$ai_input_state"), ("OUTPUT STATE:", "$ai_output_state")):
        if state := properties.get(key):
            lines += (DASHES, "", heading, "", *state_lines(state, options))
    return "\n".join(lines)


def format_evaluation(event: Mapping[str, Any]) -> str:
    """Name, result and reasoning of an evaluation."""
    properties = properties_of(event)
    parts = [f"EVALUATION: {evaluation_name(properties)}", f"Result: {_result(properties)}"]
    if reasoning := properties.get("$ai_evaluation_reasoning"):
        parts.append(f"Reasoning: {python_text(reasoning)}")
    return "\n".join([DASHES, "", " | ".join(parts), ""])


def properties_of(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of an event or a trace; none if they are no object."""
    properties = holder.get("properties")
    return properties if isinstance(properties, dict) else {}


def error_text(error: object) -> str:
    """The error of a span or a trace."""
    return pretty(error) if isinstance(error, dict | list) else python_text(error)


def _result(properties: Mapping[str, Any]) -> str:
    """The result, and what judged: `PASS (llm_judge/gpt-4o)`."""
    result = evaluation_result(properties)
    runtime = properties.get("$ai_evaluation_runtime")
    if not runtime:
        return result
    model = properties.get("$ai_evaluation_model") or properties.get("$ai_model")
    judge = f"{runtime}/{python_text(model)}" if runtime == "llm_judge" and model else python_text(runtime)
    return f"{result} ({judge})"
