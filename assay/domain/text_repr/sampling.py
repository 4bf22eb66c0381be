"""Texts that are too long: the first lines, and evenly spaced ones of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_HEADER_LINES: Final = 5
_TITLE_LINES: Final = 2
_TRIES: Final = 10


def sampled(text: str, max_length: int) -> str:
    """The sampled view of a text that is longer than `max_length`; never longer than that.

    The same text always comes to the same view.
    """
    lines = text.split("\n")
    header, body = lines[:_HEADER_LINES], lines[_HEADER_LINES:]
    if not body:
        return text[:max_length]
    room = max_length - len("\n".join(header)) - 1 - len(_banner(100, len(lines))) - 1
    if room <= 0:
        return text[:max_length]
    mean = (sum(map(len, body)) + len(body)) / len(body)
    count = int(room / mean)
    if count >= len(body):
        return text[:max_length]
    count = max(1, count)
    view = _view(header, body, count)
    for _ in range(_TRIES):
        if len(view) <= max_length:
            break
        count = max(1, int(count * max_length / len(view) * 0.9))
        view = _view(header, body, count)
    return view[:max_length]


def _view(header: Sequence[str], body: Sequence[str], count: int) -> str:
    """Header and banner, then `count` lines of the body."""
    step = len(body) / count
    picked = [body[int(number * step)] for number in range(count)]
    banner = _banner(100 * count / len(body), len(header) + len(body))
    return "\n".join([*header[:_TITLE_LINES], banner, *header[_TITLE_LINES:], *picked])


def _banner(percent: float, total: int) -> str:
    return (
        f"[SAMPLED VIEW: Showing ~{percent:.0f}% of {total:,} lines. "
        "Gaps in line numbers indicate omitted content.]"
    )
