"""Errors of generations and embeddings: objects as indented lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from assay.domain.text_repr.indentation import is_mostly_indentation
from assay.domain.text_repr.layout import DASHES
from assay.domain.text_repr.signatures import decoded
from assay.domain.text_repr.values import compact_bytes, python_text

_NO_DETAILS: Final = "An error occurred (no details available)"

_DEEPEST: Final = 100
"""Deepest level of an error that is indented; what is below is written on one line."""


def error_lines(properties: Mapping[str, Any]) -> list[str]:
    """The error section of a generation or an embedding; nothing if there was no error."""
    error = properties.get("$ai_error")
    if not error and not properties.get("$ai_is_error"):
        return []
    return ["", DASHES, "", "ERROR:", "", *_body(error), ""]


def _body(error: object) -> list[str]:
    if not error:
        return [_NO_DETAILS]
    # An object is quicker to tell by its first character than by reading it.
    if isinstance(error, str) and error.lstrip().startswith("{"):
        error = decoded(error) or error
    return _outline(error) if isinstance(error, dict) else [python_text(error)]


def _outline(error: dict[str, Any]) -> list[str]:
    """`key: value` for each field, `- value` for each item; what is inside is indented by two.

    Where that would be mostly indentation, there is a line for each field and none for what is inside.
    """
    deepest = 1 if is_mostly_indentation(compact_bytes(error)) else _DEEPEST
    lines: list[str] = []
    levels: list[Iterator[tuple[str, Any]]] = [_entries(error)]
    while levels:
        indent = "  " * (len(levels) - 1)
        for label, value in levels[-1]:
            if isinstance(value, dict | list) and len(levels) < deepest:
                lines.append(f"{indent}{label}")
                levels.append(_entries(value))
                break
            lines.append(f"{indent}{label} {python_text(value)}")
        else:
            levels.pop()
    return lines


def _entries(container: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(container, dict):
        return ((f"{key}:", value) for key, value in container.items())
    return _items(container)


def _items(items: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return (("-", item) for item in items)
