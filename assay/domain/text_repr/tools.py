"""The tools that a model was given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from assay.domain.text_repr.layout import DASHES
from assay.domain.text_repr.markers import encoded, marker
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.values import compact, python_text

_MOST_UNREAD: Final = 100
_SCHEMAS: Final = ("input_schema", "inputSchema", "parameters")


class _Tool(NamedTuple):
    name: object
    description: object
    schema: object


def tool_lines(tools: object, options: Options) -> list[str]:
    """The section of tools; nothing if there are none.

    A bundle of declarations counts as one tool, and is shown as all that are in it.
    """
    entries = list(tools.values()) if isinstance(tools, dict) else tools
    if not entries or not isinstance(entries, list):
        return []
    heading = f"AVAILABLE TOOLS: {len(entries)}"
    lines = [heading, *(line for tool in _tools(entries) for line in _lines(tool))]
    if len(entries) <= options.tools_collapse_threshold:
        return [DASHES, "", *lines]
    if not options.include_markers:
        return [DASHES, "", f"[+] {heading}"]
    return [DASHES, "", marker("TOOLS_EXPANDABLE", heading, encoded("\n".join(lines)))]


def _tools(entries: Iterable[Any]) -> Iterator[_Tool]:
    for entry in entries:
        bundle = entry.get("functionDeclarations") if isinstance(entry, dict) else None
        if isinstance(bundle, list):
            yield from map(_tool, bundle)
        else:
            yield _tool(entry)


def _tool(entry: object) -> _Tool:
    if isinstance(entry, dict):
        function = entry.get("function")
        if isinstance(function, dict):
            return _Tool(function.get("name"), function.get("description"), function.get("parameters"))
        if entry.get("name"):
            schema = next((entry[key] for key in _SCHEMAS if entry.get(key)), None)
            return _Tool(entry["name"], entry.get("description"), schema)
    kind = entry.get("type") if isinstance(entry, dict) else None
    return _Tool(kind, compact(entry)[:_MOST_UNREAD], None)


def _lines(tool: _Tool) -> Iterator[str]:
    yield ""
    yield f"  {python_text(tool.name or 'UNKNOWN')}({', '.join(_parameters(tool.schema))})"
    if tool.description:
        yield f"    {_sentence(python_text(tool.description))}"


def _parameters(schema: object) -> Iterator[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(properties, dict):
        return
    required = schema.get("required")
    names = frozenset(filter(_is_text, required)) if isinstance(required, list) else frozenset()
    for name, parameter in properties.items():
        yield f"{name}{'' if name in names else '?'}: {_type_of(parameter)}"


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _type_of(parameter: object) -> str:
    kind: Mapping[str, Any] = parameter if isinstance(parameter, dict) else {}
    return python_text(kind.get("type") or "any")


def _sentence(description: str) -> str:
    """The first sentence of the first line that says something, with one full stop."""
    line = description.partition("\n")[0]
    if not line.strip():
        line = description.strip().partition("\n")[0]
    sentence = line.partition(". ")[0]
    return sentence if sentence.endswith(".") else f"{sentence}."
