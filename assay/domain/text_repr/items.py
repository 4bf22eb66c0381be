"""Items of OpenAI's Responses API, which stand among messages without being any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from assay.domain.text_repr.content import plain_text
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.signatures import signature
from assay.domain.text_repr.truncation import truncated
from assay.domain.text_repr.values import compact, pretty_shortened, python_text

NO_TOOL_OUTPUT: Final = "[tool output not recorded]"
_NO_SUMMARY: Final = "[reasoning summary not recorded]"

_MOST: Final = 2000
"""Characters of a string in an item of another kind; longer ones are images and the like."""

_CALLS: Final = frozenset({"function_call", "custom_tool_call"})
_OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output"})
_PLAIN: Final = frozenset({"text", "input_text", "output_text", "summary_text"})
_IN_HEAD: Final = frozenset({"type", "name", "arguments", "status"})


def is_item(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a list of messages is an item: it has a type, and nothing that messages have."""
    return isinstance(entry.get("type"), str) and entry.keys().isdisjoint(("role", "content", "tool_calls"))


def item_text(item: Mapping[str, Any], options: Options) -> str:
    """What an item says; tool calls are never truncated."""
    kind = item["type"]
    if kind in _CALLS:
        return _call(item)
    if kind in _OUTPUTS:
        return truncated(plain_text(item.get("output"), _PLAIN) or NO_TOOL_OUTPUT, options)
    if kind == "reasoning":
        return truncated(plain_text(item.get("summary"), _PLAIN) or _NO_SUMMARY, options)
    return truncated(_other(item), options)


def _call(item: Mapping[str, Any]) -> str:
    if item.get("arguments") or not (given := item.get("input")):
        return signature(item.get("name"), item.get("arguments"))
    raw = given if isinstance(given, str) else compact(given)
    return f"{python_text(item.get('name') or 'unknown')}({raw})"


def _other(item: Mapping[str, Any]) -> str:
    name, status = item.get("name"), item.get("status")
    head = signature(name, item.get("arguments")) if name else ""
    head += f" ({python_text(status)})" if status else ""
    rest = {key: value for key, value in item.items() if key not in _IN_HEAD}
    return "\n".join(filter(None, (head.strip(), pretty_shortened(rest, _MOST) if rest else "")))
