"""Names beside the clusters, where none of them covers another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple
from unicodedata import combining, east_asian_width

from assay.domain.cluster_charts.frame import HEIGHT, WIDTH

_LINE: Final = 1.3
"""Height of a line, in sizes of its letters."""

_GAP: Final = 0.5
"""Beside a name, in sizes of its letters."""

_AWAY: Final = (0, 1, -1, 2, -2, 3, -3)
"""Lines below the middle of a cluster that are tried, in this order."""

_ASIDE: Final = (0.0, 0.5, -0.5)
"""Widths to the right of it that are tried."""


class Name(NamedTuple):
    """What is written, and the place that it belongs to."""

    text: str
    x: float
    y: float


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def laid_out(names: Sequence[Name], *, size: float) -> list[Name]:
    """The names that find a place, with it: the middle of the text's baseline.

    Args:
        names: the most important first; the last ones are left out where there is no room.
        size: of the letters, in units of the picture.
    """
    taken: list[_Box] = []
    placed: list[Name] = []
    for name in names:
        for box in _candidates(name, size):
            if not any(box.meets(other) for other in taken):
                taken.append(box)
                baseline = (box.top + box.bottom) / 2 + 0.35 * size
                placed.append(Name(name.text, round((box.left + box.right) / 2, 1), round(baseline, 1)))
                break
    return placed


def _candidates(name: Name, size: float) -> Iterator[_Box]:
    """Places for a name, all of them in the picture, the nearest first."""
    width, height = (text_width(name.text) + _GAP) * size, _LINE * size
    if width > WIDTH:
        return
    for lines, widths in product(_AWAY, _ASIDE):
        left = min(max(name.x + (widths - 0.5) * width, 0.0), WIDTH - width)
        top = min(max(name.y + (lines - 0.5) * height, 0.0), HEIGHT - height)
        yield _Box(left, top, left + width, top + height)


def text_width(text: str) -> float:
    """How wide a text is at most in the letters of a page, in sizes of its letters."""
    return sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return 1.05
    if letter in "MWmw@%—…":
        return 0.95
    return 0.75 if letter.isupper() or not letter.isascii() else 0.6
