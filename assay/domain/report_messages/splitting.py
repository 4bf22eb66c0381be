"""Long texts in pieces that fit, cut where a reader would pause, with nothing left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PAUSES = (
    re.compile(r"\n[ \t]*\n\s*"),  # paragraphs
    re.compile(r"\n\s*"),  # lines
    re.compile(r"(?<=[.!?…])[\"'”’)\]*_]*\s+"),  # sentences
    re.compile(r"\s+"),  # words
)
"""Where to cut, the best first."""

_LEAST_SHARE = 0.25
"""A piece shorter than this part of the room is no good piece: the next best place is looked for."""


def size(text: str) -> int:
    """Characters as most services count them: those outside of the basic plane (emoji) are two."""
    return len(text) + sum(character > "\uffff" for character in text)


def split_text(text: str, limit: int, *, whole: re.Pattern[str] | None = None) -> list[str]:
    """Pieces of a text, none of them larger than the limit or blank.

    White space at the cuts and around the text is dropped, and nothing else.

    Args:
        limit: largest size of a piece, at least 2.
        whole: what is not cut as long as it fits: links, escaped characters, …
    """
    pieces = []
    rest = text.strip()
    while size(rest) > limit:
        end = _cut(rest, limit, whole)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def split_lines(text: str, limit: int) -> list[str]:
    """Pieces of a text whose spaces matter: cut at line ends, and inside of lines that do not fit.

    Joining the pieces with line ends gives the text, but for breaks inside of such lines.
    """
    pieces: list[str] = []
    for line in (part for whole in text.split("\n") for part in _broken(whole, limit)):
        if pieces and size(pieces[-1]) + 1 + size(line) <= limit:
            pieces[-1] += "\n" + line
        else:
            pieces.append(line)
    return pieces


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning and an ellipsis where it does not fit."""
    if size(text) <= limit:
        return text
    return split_text(text, limit - 1)[0] + "…"


def _cut(text: str, limit: int, whole: re.Pattern[str] | None) -> int:
    """Where the first piece ends."""
    room = _fitting(text, limit)
    # What begins in the window may end behind it, so the pattern sees twice as much.
    kept = [] if whole is None else [found.span() for found in whole.finditer(text, 0, 2 * room)]
    for pause in _PAUSES:
        ends = [
            found.start()
            for found in pause.finditer(text, 0, room + 1)
            if room * _LEAST_SHARE <= found.start() <= room and not _inside(found.start(), kept)
        ]
        if ends:
            return ends[-1]
    return next((start for start, end in kept if 0 < start < room < end), room)


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < place < end for start, end in spans)


def _broken(line: str, limit: int) -> Iterator[str]:
    """A line in parts that fit; an empty one is one part."""
    while size(line) > limit:
        end = _fitting(line, limit)
        yield line[:end]
        line = line[end:]
    yield line


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text fit."""
    return len(text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore"))
