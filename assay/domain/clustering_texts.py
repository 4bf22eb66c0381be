"""The text that stands for an item when items are compared: short, and made of what sets the item apart.

What many items share says nothing about what they are about: system prompts, the frames of a diagram. It is
left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from assay.domain.json_values import well_formed
from assay.domain.readable import answer_text, readable_text
from assay.domain.sentiment.extraction import messages_of_generation

LONGEST_TEXT: Final = 4_000
"""Characters of a text."""

LONGEST_PART: Final = 2_000
"""Characters of a question or an answer in it, so that a long one leaves room for the other."""

LONGEST_SAID: Final = 2_000
"""Characters of what a user said: the last ones, which say what came of it."""


def summary_text(properties: Mapping[str, Any]) -> str:
    """Title, bullets and notes of the event of a summary; empty if it has none.

    The flow diagram is left out: its arrows and boxes are in every summary, and the bullets say the same in
    words.
    """
    points = (_points(properties.get(f"$ai_summary_{name}")) for name in ("bullets", "interesting_notes"))
    return _joined((summary_title(properties), *map("\n".join, points)))


def summary_title(properties: Mapping[str, Any]) -> str:
    """The title of the event of a summary; empty if it has none."""
    title = properties.get("$ai_summary_title")
    return well_formed(title).strip() if isinstance(title, str) else ""


def conversation_text(asked: str, answered: object) -> str:
    """What was asked last, the answer, then what was asked before, the latest first.

    Args:
        asked: the input as JSON; empty if there is none.
        answered: the output, any JSON value.
    """
    questions = [message.text for message in messages_of_generation(asked)]
    answer = answer_text(answered).strip()[:LONGEST_PART]
    if not questions:
        # Nobody is called a user there: other roles, or something that is no conversation.
        return _joined((readable_text(_decoded(asked)).strip()[-LONGEST_PART:], answer))
    last, *earlier = _distinct(questions[::-1])
    return _joined((last[-LONGEST_PART:], answer, *earlier))


def said_text(asked: str) -> str:
    """What a user said in an input: the end of it; empty if that is not known.

    Args:
        asked: the input as JSON; empty if there is none.
    """
    messages = _distinct([message.text for message in messages_of_generation(asked)])
    return "\n\n".join(messages)[-LONGEST_SAID:]


def verdict_text(*, evaluator: str, outcome: str, reasoning: str) -> str:
    """Who judged, what the verdict was, and why.

    Args:
        outcome: `pass`, `fail`, `n/a`, a label of sentiment, or empty: it is not known.
    """
    lines = (f"Evaluator: {evaluator}" if evaluator else "", f"Verdict: {outcome or 'unknown'}", reasoning)
    return well_formed("\n".join(line for line in map(str.strip, lines) if line))[:LONGEST_TEXT]


def _points(value: Any) -> list[str]:
    """The texts of bullets or notes: a list of objects with a `text` or of texts, or its JSON."""
    listed = _decoded(value) if isinstance(value, str) else value
    if not isinstance(listed, list):
        return []
    texts = (point.get("text") if isinstance(point, Mapping) else point for point in listed)
    return [well_formed(text).strip() for text in texts if isinstance(text, str)]


def _decoded(text: str) -> Any:
    """A JSON value; the text itself if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part)[:LONGEST_TEXT]


def _distinct(texts: Iterable[str]) -> Sequence[str]:
    """Texts in their order, each once: turns of a conversation repeat what was said before."""
    return list(dict.fromkeys(texts))
