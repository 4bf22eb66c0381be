"""What a user wrote: the texts of a generation's input that are classified.

The rules are those of the API that Assay is compatible with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from assay.contracts.sentiment import GenerationInput
from assay.domain.json_values import well_formed

MOST_OF_GENERATION: Final = 50
"""Messages: the last ones."""

MOST_OF_TRACE: Final = 200
"""Messages, counted from the newest generation."""

LONGEST_TEXT: Final = 2_000
"""Characters of a message: the last ones, which say what is wanted."""

GENERATIONS_OF_TRACE: Final = 10
"""The newest ones."""

LONGEST_IN_TRACE: Final = 300_000
"""Characters of the JSON of an input; a generation with a longer one is passed over."""

LONGEST_ALONE: Final = 1_000_000
"""The same for a generation that is asked for by its uuid."""


class Message(NamedTuple):
    """A text to classify.

    Attributes:
        key: names it in the result.
    """

    key: str
    text: str


def messages_of_generation(input_json: str) -> list[Message]:
    """The messages of a user in `$ai_input`, in their order; each key is the position in the input.

    Args:
        input_json: `$ai_input` as JSON. A text that is itself JSON of messages counts as those.
    """
    said = [
        Message(str(index), text[-LONGEST_TEXT:])
        for index, message in _user_messages(_decoded(input_json))
        if (text := _text(message))
    ]
    return said[-MOST_OF_GENERATION:]


def messages_of_trace(generations: Iterable[GenerationInput]) -> list[Message]:
    """The messages of a user in a trace; each key is `<uuid of the generation>:<position in its input>`.

    Args:
        generations: the newest first.
    """
    found: list[Message] = []
    for generation in generations:
        said = messages_of_generation(generation.input)
        found += [Message(f"{generation.uuid}:{message.key}", message.text) for message in said]
        if len(found) >= MOST_OF_TRACE:
            break
    return found[:MOST_OF_TRACE]


def _decoded(text: str) -> Any:
    """A JSON value; None for what is none. A text is taken for what it encodes if that is messages."""
    value = _json(text)
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        inner = _json(value)
        return inner if _is_conversation(inner) else value
    return value


def _is_conversation(value: Any) -> bool:
    """Whether a value is a message or a list with some, or an empty one: people send JSON as prompts, too."""
    if isinstance(value, list):
        return not value or any(map(_is_message, value))
    return _is_message(value)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and "role" in value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _user_messages(value: Any) -> Iterable[tuple[int, Any]]:
    """The messages of a user with their positions; a text is one."""
    if isinstance(value, str):
        return ((0, {"content": value}),)
    listed = value if isinstance(value, list) else [value]
    return ((index, message) for index, message in enumerate(listed) if _is_said_by_user(message))


def _is_said_by_user(message: Any) -> bool:
    if not isinstance(message, Mapping) or message.get("role") != "user":
        return False
    content = message.get("content")
    # What a tool answered comes under the user's name, and nobody said it.
    return not (isinstance(content, list) and content and all(map(_is_tool_result, content)))


def _is_tool_result(block: Any) -> bool:
    return isinstance(block, Mapping) and block.get("type") == "tool_result"


def _text(message: Mapping[str, Any]) -> str:
    """What a message says, without white space around it; empty if it says nothing."""
    content = message.get("content")
    if isinstance(content, list):
        return well_formed(" ".join(filter(None, map(_block_text, content))).strip())
    return well_formed(_block_text(content).strip())


def _block_text(block: Any) -> str:
    """The text of a content block: its `text`, else its `content`, else the block itself as a string."""
    if isinstance(block, Mapping):
        found = next((block[key] for key in ("text", "content") if block.get(key) is not None), block)
        return found if isinstance(found, str) else str(found)
    return "" if block is None else str(block)
