"""From a text to a finished one: line numbers, bounded length, nothing that cannot be encoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assay.domain.json_values import well_formed
from assay.domain.text_repr.options import Options
from assay.domain.text_repr.sampling import sampled

_BLOCK: Final = 50_000
"""Characters that are numbered in one step: quicker than line by line, and other threads get their turn."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A finished text.

    Attributes:
        text: the text; every character of it can be encoded.
        sampled: whether lines are missing because the text was longer than `Options.max_length`.
    """

    text: str
    sampled: bool


def rendered(text: str, options: Options) -> Rendering:
    """The text with what `options` want for it as a whole."""
    text = well_formed(text)
    if options.include_line_numbers:
        text = numbered(text)
    if 0 < options.max_length < len(text):
        return Rendering(sampled(text, options.max_length), sampled=True)
    return Rendering(text, sampled=False)


def numbered(text: str) -> str:
    """The text with `L1: `, `L2: `, … before its lines, as wide as the last; an empty text has none."""
    if not text:
        return text
    lead = f"L%0{len(str(text.count('\n') + 1))}d: "
    pieces: list[str] = []
    first, start = 1, 0
    while start <= len(text):
        end = text.find("\n", start + _BLOCK)
        end = len(text) if end < 0 else end
        block = text[start:end].replace("%", "%%")
        past = first + block.count("\n") + 1
        pieces.append((lead + block.replace("\n", f"\n{lead}")) % tuple(range(first, past)))
        first, start = past, end + 1
    return "\n".join(pieces)
