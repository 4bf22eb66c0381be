"""What the tests of text representations share."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from assay.domain.text_repr import Options, format_event

D = "-" * 80
E = "=" * 80


def text(*lines: str) -> str:
    return "\n".join(lines)


def base64(plain: str) -> str:
    return b64encode(plain.encode()).decode()


def plain(encoded: str) -> str:
    return b64decode(encoded, validate=True).decode()


def event(name: str = "$ai_generation", *, id: Any = "e1", **properties: Any) -> dict[str, Any]:
    """An event; `$ai_` goes before the names of its properties."""
    return {"id": id, "event": name, "properties": {f"$ai_{key}": it for key, it in properties.items()}}


def node(name: str, *children: dict[str, Any], id: Any = "e1", **properties: Any) -> dict[str, Any]:
    return {"event": event(name, id=id, **properties), "children": list(children)}


def generation(options: Options | None = None, **properties: Any) -> str:
    return format_event(event("$ai_generation", **properties), options or Options()).text


def span(options: Options | None = None, **properties: Any) -> str:
    return format_event(event("$ai_span", **properties), options or Options()).text


def message(content: Any, **fields: Any) -> str:
    """The content of a lone user message, without what stands before it."""
    shown = generation(input=[{"role": "user", "content": content, **fields}])
    head = text(D, "", "INPUT:", "", "[1] USER", "")
    assert shown.startswith(head)
    return shown.removeprefix(head).removeprefix("\n")


def answer(content: Any, **fields: Any) -> str:
    """The content of a lone answer, without what stands before it."""
    shown = generation(output_choices=[{"message": {"role": "assistant", "content": content, **fields}}])
    head = text(D, "", "OUTPUT:", "", "[1] ASSISTANT", "")
    assert shown.startswith(head)
    return shown.removeprefix(head).removeprefix("\n")
