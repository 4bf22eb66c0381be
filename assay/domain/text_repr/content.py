"""What a message says: text, lists of blocks, objects, whatever SDKs send."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from assay.domain.text_repr.options import Options
from assay.domain.text_repr.signatures import decoded, signature
from assay.domain.text_repr.truncation import truncated
from assay.domain.text_repr.values import compact, python_text

MOST_UNREAD: Final = 500
"""Characters that are shown of a value that is not understood."""

_CALLS: Final = frozenset({"tool-call", "tool_use", "function"})
_LIFTED: Final = frozenset({"tool-call", "function"})
_PLAIN: Final = frozenset({"text"})


def content_text(content: object, options: Options) -> str:
    """The text of a message's content, long parts truncated; empty if there is none.

    Tool calls among the blocks of a list are never truncated.
    """
    if isinstance(content, list) and any(map(_is_call, content)):
        parts = (_call_or_text(block, options) for block in content)
        return "\n\n".join(part for part in parts if part)
    return truncated(plain_text(content), options)


def plain_text(content: object, unlabelled: Collection[str] = _PLAIN) -> str:
    """The text of a content without tool calls.

    Args:
        content: any JSON value.
        unlabelled: types of blocks whose text stands without its type.
    """
    while content:
        if isinstance(content, list):
            return _blocks_text(content, unlabelled)
        if not isinstance(content, dict):
            return python_text(content)
        if text := content.get("text"):
            return python_text(text)
        if not (inner := content.get("content")):
            return compact(content)
        content = inner
    return ""


def unread_text(text: str) -> str:
    """The beginning of what is not understood."""
    return text if len(text) <= MOST_UNREAD else f"{text[:MOST_UNREAD]}..."


def lifted_calls(content: object) -> list[dict[str, Any]]:
    """Blocks of an output's content that are calls in the form of OpenAI; they stand in the list of calls."""
    return [block for block in content if _is_lifted(block)] if isinstance(content, list) else []


def without_lifted(content: object) -> object:
    """The content without those blocks."""
    return [block for block in content if not _is_lifted(block)] if isinstance(content, list) else content


def _blocks_text(blocks: Sequence[Any], unlabelled: Collection[str]) -> str:
    parts: list[str] = []
    for block in blocks:
        text = _block_text(block)
        if not text:
            continue
        kind = block.get("type") if isinstance(block, dict) else None
        if kind and not (isinstance(kind, str) and kind in unlabelled):
            parts.append(f"[{python_text(kind).upper()}]")
        parts.append(text)
    return "\n\n".join(parts) if parts else unread_text(python_text(blocks))


def _block_text(block: object) -> str:
    if isinstance(block, str):
        return block
    text = (block.get("text") or block.get("content")) if isinstance(block, dict) else None
    return python_text(text) if text else ""


def _is_call(block: object) -> bool:
    if not isinstance(block, dict):
        return False
    return _type_of(block) in _CALLS or _vercel_call(block) is not None


def _is_lifted(block: object) -> bool:
    return isinstance(block, dict) and _type_of(block) in _LIFTED and isinstance(block.get("function"), dict)


def _type_of(block: Mapping[str, Any]) -> str | None:
    kind = block.get("type")
    return kind if isinstance(kind, str) else None


def _vercel_call(block: Mapping[str, Any]) -> dict[str, Any] | None:
    content = block.get("content")
    return content if isinstance(content, dict) and "toolName" in content else None


def _call_or_text(block: object, options: Options) -> str:
    if not isinstance(block, dict):
        return truncated(_block_text(block), options)
    kind = _type_of(block)
    if kind == "tool-call":
        return signature(block.get("toolName"), block.get("input"))
    if kind == "tool_use":
        return signature(block.get("name"), block.get("input") or _streamed(block.get("partial_json")))
    if kind == "function":
        return ""
    call = _vercel_call(block)
    if call is not None:
        return signature(call["toolName"], call.get("args"))
    return truncated(_block_text(block), options)


def _streamed(arguments: object) -> object:
    """Arguments that came in pieces: the object that they spell, else the pieces as they are."""
    found = decoded(arguments) if isinstance(arguments, str) else arguments
    return found if isinstance(found, dict) else arguments
