"""Readable text of an event's input and output: what a judge, a preview or a Hog program reads.

The rules are those of PostHog's API: a string stays as it is, a list of messages becomes one line
`role: text` each, the blocks of a content array are joined by blanks, a tool call reads
`[tool_call <id>: name(args)]`, and a tool's answer comes from `tool[<tool_call_id>]`. SDKs send OpenAI,
Anthropic, Gemini, LangChain and Vercel messages, alone or wrapped in choices; what fits none of these
shapes is shown as JSON. Binary data never gets into a text: `[image]` (or `[audio]` …) stands for it.

Every function here is total: it answers for any JSON value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from assay.contracts.event_names import GENERATION

_INPUT_KEYS = ("$ai_input", "$ai_input_state")
_OUTPUT_KEYS = ("$ai_output_choices", "$ai_output", "$ai_output_state")

_WRAPPING_LISTS = ("choices", "candidates")
_SPEAKING_TYPES = frozenset({"human", "ai", "system", "tool", "user", "assistant"})
_BODY_KEYS = ("content", "parts", "text", "refusal")
_BLOCK_KEYS = ("text", "content", "parts")
_TYPED_BLOCK_KEYS = (*_BLOCK_KEYS, "refusal", "output", "result", "response")
_PRIVATE_TYPES = frozenset({"thinking", "redacted_thinking", "reasoning"})

_CALL_HOLDERS = ("function", "functionCall", "function_call", "custom")
_CALL_TYPES = frozenset({"function_call", "tool_call", "tool-call", "tool_use", "server_tool_use"})
_CALL_IDS = ("id", "tool_call_id", "call_id", "toolCallId", "tool_use_id")
_ANSWER_IDS = ("tool_call_id", "toolCallId", "call_id")

_INLINE_KEYS = ("inline_data", "inlineData", "file_data", "fileData")
_MIME_KEYS = ("mime_type", "mimeType", "media_type", "mediaType")
_MEDIA_LABELS = {
    "image": "[image]",
    "image_url": "[image]",
    "image_file": "[image]",
    "input_image": "[image]",
    "audio": "[audio]",
    "input_audio": "[audio]",
    "video": "[video]",
    "video_url": "[video]",
    "file": "[file]",
    "input_file": "[file]",
    "document": "[file]",
}
_DATA_URL = re.compile(r"data:([\w.+-]+)/[\w.+-]+(?:;[\w.=+-]+)*;base64,[A-Za-z0-9+/=_-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{256,}={0,2}")

_MAX_DEPTH = 40


class TargetText(NamedTuple):
    """What a judge reads of one event; empty strings where the event has nothing."""

    input: str
    output: str
    tools: str


class TargetValues(NamedTuple):
    """What one event has as its input and output: JSON values; None where it has nothing."""

    input: object
    output: object


def target_values(event: str, properties: Mapping[str, Any]) -> TargetValues:
    """The input and output of an event, as they were captured.

    Args:
        event: name of the event; only `$ai_generation` has properties besides the `_state` pair.
        properties: the event's properties, any JSON values.
    """
    generation = event == GENERATION
    return TargetValues(
        input=_first(properties, _INPUT_KEYS if generation else _INPUT_KEYS[-1:]),
        output=_first(properties, _OUTPUT_KEYS if generation else _OUTPUT_KEYS[-1:]),
    )


def target_text(event: str, properties: Mapping[str, Any]) -> TargetText:
    """The readable text of an event; see `target_values` for the arguments."""
    values = target_values(event, properties)
    return TargetText(
        input=readable_text(values.input),
        output=readable_text(values.output),
        tools=_tools(properties.get("$ai_tools")),
    )


def readable_text(value: object) -> str:
    """The readable text of a string, a message, a list of messages or any other JSON value."""
    return _clean(_conversation(value, 0))


def answer_text(output: object) -> str:
    """The readable text of an output without who speaks; choices that say nothing leave no line.

    Args:
        output: a string, a choice, a list of choices, an object with such a list, or any other JSON value.
    """
    choices = _wrapped(output) if isinstance(output, dict) else output
    if choices is None and isinstance(output, dict) and _is_message(output):
        choices = [output]
    if not isinstance(choices, list):
        return readable_text(output)
    return _clean("\n".join(filter(None, map(_answer, choices))))


def _answer(choice: object) -> str:
    if not isinstance(choice, dict):
        return _content(choice, 0)
    message, default_role = _unwrapped(choice)
    return _block(message, 0) if _speaker(message, default_role) is None else _said(message, 0)


def _first(properties: Mapping[str, Any], keys: Iterable[str]) -> object:
    """The first property that holds something."""
    return next((found for key in keys if not _is_empty(found := properties.get(key))), None)


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def _tools(value: object) -> str:
    """Tool definitions: one line of JSON each, so that a long list can be shortened by lines."""
    if isinstance(value, list):
        return _clean("\n".join(tool if isinstance(tool, str) else _json(tool) for tool in value))
    return readable_text(value)


def _conversation(value: object, depth: int) -> str:
    if isinstance(value, list):
        return "\n".join(line for item in value if (line := _message(item, depth)))
    if not isinstance(value, dict):
        return _content(value, depth)
    wrapped = _wrapped(value)
    if wrapped is not None and depth < _MAX_DEPTH:
        return _conversation(wrapped, depth + 1)
    return _message(value, depth) if _is_message(value) else _json(value)


def _wrapped(value: Mapping[str, Any]) -> list[Any] | None:
    """The messages or choices that an object is there for."""
    keys = (*_WRAPPING_LISTS, "messages") if len(value) == 1 else _WRAPPING_LISTS
    return next((value[key] for key in keys if isinstance(value.get(key), list)), None)


def _is_message(value: Mapping[str, Any]) -> bool:
    """Whether a lone object is a message (or one block of one) and not somebody's own state."""
    return (
        bool(_text_of(value, "role") or _text_of(value, "type"))
        or isinstance(value.get("message"), dict)
        or value.keys() <= {*_BLOCK_KEYS, *_INLINE_KEYS}
    )


def _message(value: object, depth: int) -> str:
    if not isinstance(value, dict):
        return _content(value, depth)
    message, default_role = _unwrapped(value)
    speaker = _speaker(message, default_role)
    if speaker is None:
        return _block(message, depth)
    return f"{speaker}: {_said(message, depth)}"


def _said(message: Mapping[str, Any], depth: int) -> str:
    """What a message says, and what it calls."""
    body = next((message[key] for key in _BODY_KEYS if not _is_empty(message.get(key))), None)
    if body is None and message.get("type") == "function_call_output":
        body = message.get("output")
    return _joined([_content(body, depth), *_calls(message)])


def _unwrapped(value: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The message inside an OpenAI choice or a Gemini candidate, and who speaks if it does not say."""
    inner = value.get("message")
    if isinstance(inner, dict):
        return inner, "assistant"
    inner = value.get("content")
    if isinstance(inner, dict) and "parts" in inner and "role" not in value:
        return inner, "model"
    return value, None


def _speaker(message: Mapping[str, Any], default: str | None) -> str | None:
    kind = _text_of(message, "type")
    role = _text_of(message, "role") or (kind if kind in _SPEAKING_TYPES else default)
    if kind == "function_call_output":
        role = "tool"
    if role == "tool" and (answered := _scalar(message, _ANSWER_IDS)):
        return f"tool[{answered}]"
    return role


def _calls(message: Mapping[str, Any]) -> list[str]:
    """Tool calls that stand beside a message's content (OpenAI's two generations of them)."""
    calls = message.get("tool_calls")
    found = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    if isinstance(message.get("function_call"), dict):
        found.append({"function": message["function_call"]})
    return [_tool_call(call) or _json(call) for call in found]


def _content(value: object, depth: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if depth >= _MAX_DEPTH:
        return _json(value)
    if isinstance(value, list):
        return _joined(_content(item, depth + 1) for item in value)
    return _block(value, depth + 1) if isinstance(value, dict) else _json(value)


def _block(block: dict[str, Any], depth: int) -> str:
    """One block of a content array."""
    special = _media_label(block) or _tool_call(block)
    if special is not None:
        return special
    answer = block.get("functionResponse", block.get("function_response"))
    if isinstance(answer, dict):
        return _content(answer.get("response"), depth + 1)
    kind = _text_of(block, "type")
    present = [
        block[key] for key in (_TYPED_BLOCK_KEYS if kind else _BLOCK_KEYS) if block.get(key) is not None
    ]
    if not present:
        # a model's private reasoning is no part of what it said
        return "" if kind in _PRIVATE_TYPES else _json(block)
    return _content(next((body for body in present if not _is_empty(body)), None), depth + 1)


def _tool_call(block: Mapping[str, Any]) -> str | None:
    """`[tool_call <id>: name(args)]`, or None if the block is no tool call."""
    holder = next((block[key] for key in _CALL_HOLDERS if isinstance(block.get(key), dict)), None)
    if holder is None:
        inner = block.get("content")
        if isinstance(inner, dict) and "toolName" in inner:
            holder = inner
        elif _text_of(block, "type") in _CALL_TYPES or ("name" in block and "args" in block):
            holder = block
        else:
            return None
    name = _scalar(holder, ("name", "toolName")) or "unknown"
    arguments = next((holder[key] for key in ("arguments", "args", "input") if key in holder), None)
    shown = arguments if isinstance(arguments, str) else "" if arguments is None else _json(arguments)
    identity = _scalar(block, _CALL_IDS) or _scalar(holder, _CALL_IDS)
    return f"[tool_call{f' {identity}' if identity else ''}: {name}({shown})]"


def _media_label(block: Mapping[str, Any]) -> str | None:
    """What stands for an image, a recording or a file, or None if the block holds none."""
    label = _MEDIA_LABELS.get(_text_of(block, "type"))
    inline = next((block[key] for key in _INLINE_KEYS if isinstance(block.get(key), dict)), None)
    if label is None and inline is None:
        return None
    family = _scalar(inline or block, _MIME_KEYS).partition("/")[0]
    return f"[{family}]" if family in ("image", "audio", "video") else label or "[file]"


def _text_of(mapping: Mapping[str, Any], key: str) -> str:
    """A string value; empty if it is missing or something else."""
    value = mapping.get(key)
    return value if isinstance(value, str) else ""


def _scalar(mapping: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The first value that is a non-empty string or a number, as text."""
    values = (mapping.get(key) for key in keys)
    return next((str(value) for value in values if isinstance(value, str | int | float) and value != ""), "")


def _joined(parts: Iterable[str]) -> str:
    return " ".join(part for part in parts if part)


def _json(value: object) -> str:
    return json.dumps(_printable(value, 0), ensure_ascii=False)


def _printable(value: object, depth: int) -> object:
    """The value without binary data and without what is nested beyond reading."""
    if isinstance(value, str):
        return "[binary]" if _BASE64.fullmatch(value) else value
    if not isinstance(value, dict | list):
        return value
    if depth >= _MAX_DEPTH:
        return "…"
    if isinstance(value, list):
        return [_printable(item, depth + 1) for item in value]
    return _media_label(value) or {key: _printable(item, depth + 1) for key, item in value.items()}


def _clean(text: str) -> str:
    """The text without data URLs and without lone surrogates, which no provider could be sent."""
    if ";base64," in text:
        text = _DATA_URL.sub(_data_url_label, text)
    return text.encode("utf-8", "replace").decode()


def _data_url_label(match: re.Match[str]) -> str:
    family = match[1]
    return f"[{family}]" if family in ("image", "audio", "video") else "[file]"
