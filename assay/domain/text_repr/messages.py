"""Conversations: the input and output of generations, and states that are lists of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.domain.text_repr.content import content_text, lifted_calls, unread_text, without_lifted
from assay.domain.text_repr.items import is_item, item_text
from assay.domain.text_repr.layout import DASHES
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.signatures import call_signature
from assay.domain.text_repr.truncation import truncated
from assay.domain.text_repr.values import compact, python_text


def input_lines(value: object, options: Options) -> list[str]:
    """The input section of a generation or an embedding; nothing if there is no input."""
    if not value:
        return []
    lines = [DASHES, "", "INPUT:"]
    if isinstance(value, str):
        return [*lines, "", truncated(value, options)]
    if isinstance(value, list):
        return lines + message_lines(value, options)
    return [*lines, "", f"[Unparsed input format: {type(value).__name__}]", unread_text(compact(value))]


def output_lines(properties: Mapping[str, Any], options: Options) -> list[str]:
    """The output section of a generation; nothing if there is no output."""
    lines = [DASHES, "", "OUTPUT:"]
    text = properties.get("$ai_output")
    if text and isinstance(text, str):
        return [*lines, "", truncated(text, options)]
    messages = _answers(properties.get("$ai_output_choices"))
    return lines + message_lines(messages, options) if messages else []


def message_lines(messages: Sequence[Any], options: Options) -> list[str]:
    """The lines of a list of messages; the first one is empty.

    Entries that are no objects are left out and keep their number.
    """
    lines: list[str] = []
    last = len(messages) - 1
    for position, message in enumerate(messages):
        if not isinstance(message, dict):
            continue
        lines += ("", f"[{position + 1}] {_speaker(message)}", "")
        lines += _said(message, options)
        if position < last:
            lines += ("", DASHES)
    return lines


def is_conversation(value: object) -> bool:
    """Whether a state is a list of messages, by its first item."""
    if not (value and isinstance(value, list) and isinstance(value[0], dict)):
        return False
    return "role" in value[0] or "content" in value[0]


def _speaker(message: Mapping[str, Any]) -> str:
    return python_text(message.get("role") or message.get("type") or "UNKNOWN").upper()


def _said(message: Mapping[str, Any], options: Options) -> list[str]:
    text = item_text(message, options) if is_item(message) else content_text(message.get("content"), options)
    lines = [text] if text else []
    found = message.get("tool_calls")
    calls = [call for call in found if isinstance(call, dict)] if isinstance(found, list) else []
    if calls:
        lines += ("", f"Tool calls: {len(calls)}")
        lines += [f"  - {call_signature(call)}" for call in calls]
    return lines


def _answers(choices: object) -> list[dict[str, Any]]:
    """The messages in the choices of a model, each with a role."""
    if isinstance(choices, dict):
        wrapped = choices.get("choices")
        is_response = not isinstance(wrapped, list) and choices.get("object") == "response"
        choices = choices.get("output") if is_response else wrapped
    found = [_answer(choice) for choice in choices] if isinstance(choices, list) else []
    return [message for message in found if message is not None]


def _answer(choice: object) -> dict[str, Any] | None:
    if not isinstance(choice, dict):
        return None
    message = choice.get("message")
    if not isinstance(message, dict):
        if is_item(choice):
            return choice
        if "role" not in choice and "content" not in choice:
            return None
        message = choice
    role = message.get("role") or "assistant"
    content = message.get("content")
    if lifted := lifted_calls(content):
        return {**message, "role": role, "content": without_lifted(content), "tool_calls": lifted}
    return {**message, "role": role}
