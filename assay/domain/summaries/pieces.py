"""Pieces of a text that is too long to be read at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NUMBER: Final = re.compile(r"L[0-9]+: ")

LEAST_ROOM: Final = 200
"""Characters: room for a line's number and something of the line."""


def pieces_of(text: str, room: int) -> list[str]:
    """The text in pieces of at most `room` characters, cut between lines.

    Every line keeps the number that it has in the whole text. A line that is longer than a piece is cut, and
    each part begins with its number.

    Args:
        text: its lines begin with their numbers.
        room: at least `LEAST_ROOM`.
    """
    if room < LEAST_ROOM:
        raise ValueError(f"Pieces of {room} characters are too small.")
    found: list[str] = []
    lines: list[str] = []
    length = 0
    for line in _lines(text, room):
        if lines and length + len(line) + 1 > room:
            found.append("\n".join(lines))
            lines, length = [], 0
        lines.append(line)
        length += len(line) + (len(lines) > 1)
    found.append("\n".join(lines))
    return found


def _lines(text: str, room: int) -> Iterator[str]:
    """The lines of a text, long ones in parts."""
    for line in text.split("\n"):
        if len(line) <= room:
            yield line
            continue
        match = _NUMBER.match(line)
        number = match[0] if match else ""
        width = room - len(number)
        for start in range(len(number), len(line), width):
            yield number + line[start : start + width]
