"""JSON Schemas of answers, within what OpenAI's strict mode takes."""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_POINTS: Final = {"type": "array", "items": _object(text=_TEXT, line_refs=_TEXT)}

SUMMARY_SCHEMA: Final[dict[str, Any]] = _object(
    title=_TEXT, flow_diagram=_TEXT, summary_bullets=_POINTS, interesting_notes=_POINTS
)

NOTES_SCHEMA: Final[dict[str, Any]] = _object(notes=_POINTS)
