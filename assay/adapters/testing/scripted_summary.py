"""Summaries without a model: they quote lines of the text, and say the same about the same text.

They exist so that summaries can be tried without a model key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_LINE: Final = re.compile(r"^L0*(\d+): (.*\w.*)$|^- \[(?P<refs>L[^\]]*)\] (?P<note>.*)$", re.MULTILINE)
_BULLETS: Final = 5
_QUOTED: Final = 80
_SUMMARY_KEYS: Final = frozenset(("title", "flow_diagram", "summary_bullets", "interesting_notes"))


def scripted_summary(schema: Mapping[str, Any], said: str) -> str | None:
    """What is answered to a question for a summary, or for notes to make one from.

    Args:
        schema: of the answer.
        said: the user's message of the question.

    Returns:
        None if the question is about something else.
    """
    wanted = set(schema.get("properties", ()))
    if wanted == {"notes"}:
        return json.dumps({"notes": _points(said)})
    if wanted != _SUMMARY_KEYS:
        return None
    summary = {
        "title": "A summary without a model",
        "flow_diagram": 'flowchart TD\nA["The first line"] --> B["The last line"]',
        "summary_bullets": _points(said),
        "interesting_notes": [],
    }
    return json.dumps(summary)


def _points(said: str) -> list[dict[str, str]]:
    """Lines at equal distances, with their numbers."""
    lines = list(_LINE.finditer(said))
    if not lines:
        return []
    chosen = (lines[step * (len(lines) - 1) // (_BULLETS - 1)] for step in range(_BULLETS))
    return [{"text": _quoted(line), "line_refs": line["refs"] or f"L{line[1]}"} for line in chosen]


def _quoted(line: re.Match[str]) -> str:
    return (line["note"] or line[2] or "").strip()[:_QUOTED]
