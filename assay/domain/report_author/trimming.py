"""What of a long conversation is put to the model again.

The head (all before the model first spoke) is always shown. A turn is a message of the model with the
results of its calls, or a later message to it; turns are shown whole or not at all, the newest first. Where
turns are left out, the model is told what it has written so far.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from assay.domain.report_author.conversation import Conversation, Message
from assay.domain.report_author.draft import Draft

CHARS_PER_TOKEN: Final = 3
"""A low estimate, so that a conversation takes fewer tokens than are counted."""

CONVERSATION_CHARS: Final = 120_000 * CHARS_PER_TOKEN
RESULT_CHARS: Final = 30_000 * CHARS_PER_TOKEN
"""Of one result of a tool."""

_LEFT_OUT = json.dumps({"error": "This result is not shown any more, for want of room. Ask for less."})


def trimmed(messages: Sequence[Message], *, most: int = CONVERSATION_CHARS) -> list[dict[str, Any]]:
    """The messages to put to the model.

    Args:
        most: characters of all messages together. The head and what the model itself said in the last turn
            are shown even if they take more; results of the last turn are then emptied, the longest first.
    """
    whole = [dict(message) for message in messages]
    if _size(whole) <= most:
        return whole
    head, turns = _split(whole)
    note = _note(Conversation.of(messages).draft)
    room = most - _size([*head, note])
    kept = [_within(turns[-1], room)] if turns else []
    room -= _size(kept[0]) if kept else 0
    for turn in reversed(turns[:-1]):
        room -= _size(turn)
        if room < 0:
            break
        kept.insert(0, turn)
    return [*head, note, *(message for turn in kept for message in turn)]


def estimated_tokens(parts: Sequence[Message]) -> int:
    """About how many tokens messages or tools take, by their length: for providers that do not say."""
    return -(-_size(parts) // CHARS_PER_TOKEN)


def _split(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """The head, and the turns after it."""
    spoken = (number for number, message in enumerate(messages) if message["role"] == "assistant")
    first = next(spoken, len(messages))
    turns: list[list[dict[str, Any]]] = []
    for message in messages[first:]:
        if message["role"] == "tool" and turns:
            turns[-1].append(message)
        else:
            turns.append([message])
    return messages[:first], turns


def _within(turn: list[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """A turn whose results are emptied as far as there is no room for them."""
    turn = list(turn)
    longest_first = sorted(
        (number for number, message in enumerate(turn) if message["role"] == "tool"),
        key=lambda number: len(turn[number]["content"]),
        reverse=True,
    )
    for number in longest_first:
        if _size(turn) <= room:
            break
        turn[number] = {**turn[number], "content": _LEFT_OUT}
    return turn


def _note(draft: Draft) -> dict[str, Any]:
    written = {
        "title": draft.title,
        "sections": [section.title for section in draft.sections],
        "cited": [citation.generation_id for citation in draft.citations],
    }
    return {
        "role": "user",
        "content": "Earlier parts of this conversation are not shown any more. You have written so far: "
        + json.dumps(written, ensure_ascii=False),
    }


def _size(messages: Sequence[Message]) -> int:
    return sum(len(json.dumps(message, ensure_ascii=False)) for message in messages)
