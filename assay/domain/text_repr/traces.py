"""The text of a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from assay.domain.text_repr.events import error_text, properties_of
from assay.domain.text_repr.layout import DASHES, EQUALS
from assay.domain.text_repr.messages import is_conversation, message_lines
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.rendering import Rendering, rendered
from assay.domain.text_repr.tree import tree_lines
from assay.domain.text_repr.truncation import truncated
from assay.domain.text_repr.values import pretty, python_text

_DEFAULTS: Final = Options()
_STATES: Final = (
    ("INPUT:", "$ai_input_state", ("inputState", "input_state")),
    ("OUTPUT:", "$ai_output_state", ("outputState", "output_state")),
)


def format_trace(
    trace: Mapping[str, Any], hierarchy: Sequence[Any], options: Options = _DEFAULTS
) -> Rendering:
    """The finished text of a trace.

    Args:
        trace: what is known of the trace itself: `properties`, and names and states beside them.
        hierarchy: its events as a tree; see `build_hierarchy`. Without one, the states are shown.
        options: how the text is made.
    """
    properties = properties_of(trace)
    lines = [_title(trace, properties).upper(), EQUALS]
    if error := properties.get("$ai_error"):
        lines += ("", DASHES, "", "TRACE ERROR:", "", error_text(error))
    if hierarchy and options.include_hierarchy:
        lines += ("", DASHES, "", "TRACE HIERARCHY:", "")
        lines += tree_lines(hierarchy, options)
    else:
        lines += _states(trace, properties, options)
    return rendered("\n".join(lines), options)


def _title(trace: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    name = properties.get("$ai_span_name") or trace.get("traceName") or trace.get("trace_name")
    return python_text(name or "TRACE")


def _states(trace: Mapping[str, Any], properties: Mapping[str, Any], options: Options) -> Iterator[str]:
    for heading, key, others in _STATES:
        state = properties.get(key) or next((trace[it] for it in others if trace.get(it)), None)
        if not state:
            continue
        yield from ("", DASHES, "")
        if is_conversation(state):
            yield heading
            yield from message_lines(state, options)
        else:
            text = pretty(state) if isinstance(state, dict | list) else python_text(state)
            yield from (f"TRACE {heading}", "", truncated(text, options))
