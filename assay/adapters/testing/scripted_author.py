"""An author of reports without a model: it reads a few failures, cites them, and is done.

It exists so that reports can be tried without a model key. It says the same about the same results.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

type Call = tuple[str, Mapping[str, Any]]

_WRITES = frozenset({"set_title", "add_section", "add_citation"})
_LOOKS: Sequence[Call] = (
    ("list_recent_report_runs", {}),
    ("get_summary_metrics", {}),
    ("sample_eval_results", {"outcome": "fail", "limit": 3}),
)


def next_calls(request: Mapping[str, Any]) -> Sequence[Call] | None:
    """The tools that the author calls next; none: the report is written.

    Args:
        request: the decoded body of a chat completion.

    Returns:
        None if it is not an author that is asked: the tools to write with are missing.
    """
    offered = {_name(tool) for tool in _objects(request.get("tools"))}
    if not offered >= _WRITES:
        return None
    messages = _objects(request.get("messages"))
    called = [_name(call) for message in messages for call in _objects(message.get("tool_calls"))]
    if not called:
        return _LOOKS
    return () if "set_title" in called else tuple(_writing(list(_results(messages))))


def _writing(results: Sequence[Mapping[str, Any]]) -> Iterator[Call]:
    cited = [row for row in results if row.get("generation_id")]
    lines = [f"- `{row['generation_id']}`: {row.get('reasoning', '')}" for row in cited]
    yield "set_title", {"title": "Failures of the period" if cited else "No failures in the period"}
    for row in cited:
        yield "add_citation", {"generation_id": row["generation_id"], "reason": "It failed."}
    text = "The newest failures:\n\n" + "\n".join(lines) if cited else "Nothing in the sample failed."
    yield "add_section", {"title": "Summary", "content": f"{text}\n\nA scripted author wrote this."}


def _results(messages: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The results that tools have shown."""
    for message in messages:
        if message.get("role") == "tool":
            try:
                shown = json.loads(str(message.get("content")))
            except ValueError:
                continue
            yield from _objects(shown.get("results") if isinstance(shown, dict) else None)


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _name(holder: Mapping[str, Any]) -> str:
    """Of the function that a tool, or a call of one, is about."""
    function = holder.get("function")
    return str(function.get("name")) if isinstance(function, dict) else ""
