"""Conversations with authors, as they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from assay.contracts.models import ToolCall

ONE, TWO = str(UUID(int=1)), str(UUID(int=2))
OPENING = ({"role": "system", "content": "Rules."}, {"role": "user", "content": "Write."})


def asking(*calls: tuple[str, Mapping[str, Any]], place: int = 0) -> dict[str, Any]:
    """A message of the model that calls tools."""
    return {
        "role": "assistant",
        "tool_calls": [
            {
                "id": f"call_{place}_{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(calls)
        ],
    }


def answer(result: Any, *, call_id: str = "call_0_0") -> dict[str, Any]:
    """The result of a call."""
    return {"role": "tool", "tool_call_id": call_id, "content": json.dumps(result)}


def turn(*pairs: tuple[str, Mapping[str, Any], Any], place: int = 0) -> list[dict[str, Any]]:
    """A message with calls, and their results: (name, arguments, result)."""
    message = asking(*((name, arguments) for name, arguments, _ in pairs), place=place)
    return [
        message,
        *(answer(result, call_id=f"call_{place}_{n}") for n, (_, _, result) in enumerate(pairs)),
    ]


def a_result(generation_id: str = ONE, **changes: str) -> dict[str, str]:
    row = {"generation_id": generation_id, "trace_id": "trace-1", "timestamp": "2026-05-01T10:00:00+00:00"}
    return row | changes


def a_call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(id="call", name=name, arguments=json.dumps(arguments))
