"""Shortening long texts evenly, so that a judge still sees all of their parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_COMFORTABLE_LINE = 200
"""Characters that a line should get before lines are left out to make room for it."""


class Excerpt(NamedTuple):
    """A shortened text.

    Attributes:
        text: the kept lines, each as `<number>: <line>`; `…` stands where the middle of a line was cut out.
        shown: number of kept lines.
        total: number of lines of the whole text.
    """

    text: str
    shown: int
    total: int


def fair_shares(sizes: Sequence[int], total: int) -> list[int]:
    """Divide `total` among claims: small claims are met, large ones share the rest equally.

    Args:
        sizes: what each claimant could use.
        total: what there is; nothing below zero.

    Returns:
        One share per claim, none above its size, together at most `total`.
    """
    shares = [0] * len(sizes)
    left = max(total, 0)
    for position, index in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        shares[index] = min(sizes[index], left // (len(sizes) - position))
        left -= shares[index]
    return shares


def excerpt(text: str, limit: int) -> Excerpt:
    """Shorten a text to at most `limit` characters.

    Lines are numbered, sampled at equal distances (the first and the last are always among them), and cut
    in their middle if they are still too long. The same text and limit give the same excerpt.
    """
    lines = text.split("\n")
    widest_number = len(f"{len(lines)}: ")
    wanted = sum(min(len(line), _COMFORTABLE_LINE) + widest_number + 1 for line in lines)
    per_line = max(wanted // len(lines), widest_number + 2)
    shown = _evenly_spaced(len(lines), max(2, limit // per_line))
    numbers = [f"{index + 1}: " for index in shown]
    room = limit - (len(shown) - 1) - sum(map(len, numbers))
    widths = fair_shares([len(lines[index]) for index in shown], room)
    kept = (
        number + _without_middle(lines[index], width)
        for number, index, width in zip(numbers, shown, widths, strict=True)
    )
    return Excerpt("\n".join(kept)[: max(limit, 0)], len(shown), len(lines))


def _evenly_spaced(count: int, wanted: int) -> list[int]:
    """At most `wanted` (two or more) indices below `count`, ends included."""
    if wanted >= count:
        return list(range(count))
    return [step * (count - 1) // (wanted - 1) for step in range(wanted)]


def _without_middle(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    if width <= 0:
        return ""
    head, tail = width // 2, (width - 1) // 2
    return f"{line[:head]}…{line[len(line) - tail :]}"
