"""Reading the messages of a run: which tools were called, what they have shown and written.

Messages are worded as in OpenAI's chat API. The results of a message's calls follow it in their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.contracts.models import ToolCall
from assay.domain.report_author.draft import Draft
from assay.domain.report_author.evidence import Evidence
from assay.domain.report_author.tools import TOOLS, ToolMisuse, parsed

type Message = Mapping[str, Any]


@dataclass(slots=True)
class Conversation:
    """What a conversation has come to.

    Attributes:
        evidence: what its queries returned.
        draft: what it has written.
        read_chars: length of what its queries returned.
    """

    evidence: Evidence = field(default_factory=Evidence)
    draft: Draft = field(default_factory=Draft)
    read_chars: int = 0

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Conversation:
        """The conversation so far; the same messages always come to the same."""
        conversation = cls()
        pending: list[ToolCall] = []
        for message in messages:
            if message.get("role") == "assistant":
                pending = tool_calls(message)
            elif message.get("role") == "tool" and pending:
                conversation._take(pending.pop(0), message)
        return conversation

    def write(self, call: ToolCall) -> Draft:
        """The draft after a write call, which becomes the conversation's.

        Raises:
            ToolMisuse: the call is not a proper one.
        """
        self.draft = self.draft.after(parsed(call.name, call.arguments), self.evidence)
        return self.draft

    def _take(self, call: ToolCall, result: Message) -> None:
        if is_write(call.name):
            try:
                self.write(call)
            except ToolMisuse:
                return  # its result says why
            return
        content = result.get("content")
        if isinstance(content, str):
            self.read_chars += len(content)
            self.evidence.learn(_decoded(content))


def tool_calls(message: Message) -> list[ToolCall]:
    """The tools that a message of the model calls."""
    return [
        ToolCall(id=call["id"], name=call["function"]["name"], arguments=call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    ]


def is_write(name: str) -> bool:
    """Whether a tool of this name adds to the report."""
    return name in TOOLS and TOOLS[name].writes


def tool_message(call: ToolCall, content: str) -> dict[str, Any]:
    """The message that answers a call."""
    return {"role": "tool", "tool_call_id": call.id, "content": content}


def with_fewer_calls(message: Message, most: int) -> dict[str, Any]:
    """A message of the model with no more calls than are made; the model can ask for the others again."""
    calls = message.get("tool_calls") or []
    return {**message, "tool_calls": calls[:most]} if len(calls) > most else dict(message)


def _decoded(content: str) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None
