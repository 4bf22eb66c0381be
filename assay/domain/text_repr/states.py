"""States before and after a span."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.domain.text_repr.content import content_text
from assay.domain.text_repr.literals import parse_literal
from assay.domain.text_repr.messages import is_conversation, message_lines
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.signatures import signature
from assay.domain.text_repr.truncation import truncated
from assay.domain.text_repr.values import pretty, python_text


def state_lines(state: object, options: Options) -> list[str]:
    """The lines of a state that is not empty."""
    if isinstance(state, str):
        return [truncated(_string_text(state), options)]
    if isinstance(state, list):
        return message_lines(state, options) if is_conversation(state) else [_dump(state, options)]
    if isinstance(state, dict):
        return _object_lines(state, options)
    return [python_text(state)]


def _string_text(state: str) -> str:
    """A string; what an SDK made of a dict or list with `str()` becomes readable again."""
    literal = parse_literal(state)
    if literal is None:
        return state
    try:
        return pretty(literal)
    except TypeError:  # a tuple as a key
        return state


def _object_lines(state: Mapping[str, Any], options: Options) -> list[str]:
    if messages := _messages_of(state):
        return message_lines(messages, options)  # nothing, where none of them is an object
    if state.get("__type") == "tool_call_with_context":
        return _call_lines(state, options)
    if state.get("type") == "tool":
        return _result_lines(state, options)
    return [_dump(state, options)]


def _messages_of(state: object) -> list[Any]:
    """The messages that a state is there for, by its key alone."""
    messages = state.get("messages") if isinstance(state, dict) else None
    return messages if isinstance(messages, list) else []


def _call_lines(state: Mapping[str, Any], options: Options) -> list[str]:
    """LangGraph's call of a tool, after the conversation that led to it."""
    inner = state.get("state")
    lines = message_lines(_messages_of(inner), options)
    steps = inner.get("remaining_steps") if isinstance(inner, dict) else None
    if steps is not None:
        lines += ("", f"Remaining steps: {python_text(steps)}")
    call = state.get("tool_call")
    if isinstance(call, dict):
        lines += ("", "Tool Call:", f"  {signature(call.get('name'), call.get('args'))}")
    return lines


def _result_lines(state: Mapping[str, Any], options: Options) -> list[str]:
    """LangChain's result of a tool."""
    name, status = state.get("name") or "unknown", state.get("status")
    head = f"[TOOL RESULT] {python_text(name)}{f' ({python_text(status)})' if status else ''}"
    text = content_text(state.get("content"), options)
    return [head, "", text] if text else [head, ""]


def _dump(state: object, options: Options) -> str:
    return truncated(pretty(state), options)
