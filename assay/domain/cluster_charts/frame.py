"""From the places of items, which have no unit, to places in a picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

WIDTH, HEIGHT = 960, 640
MARGIN = 20
"""Between the outermost items and the border: half of the largest mark on the narrowest screen."""


class Frame(NamedTuple):
    """A picture of WIDTH by HEIGHT with all items in it; each axis is as long as it can be.

    Attributes:
        low, high: the least and the greatest x and y of any item.
    """

    low: tuple[float, float]
    high: tuple[float, float]

    @classmethod
    def around(cls, places: Iterable[tuple[float, float]]) -> Self:
        """The frame of these items; of none, one in which everything is in the middle."""
        xs, ys = zip(*places, strict=True) if (places := list(places)) else ((0.0,), (0.0,))
        return cls((min(xs), min(ys)), (max(xs), max(ys)))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a place is in the picture, to a tenth of a unit; y grows upwards there, as in a plot."""
        across = _share(x, self.low[0], self.high[0])
        up = _share(y, self.low[1], self.high[1])
        return (
            round(MARGIN + across * (WIDTH - 2 * MARGIN), 1),
            round(MARGIN + (1 - up) * (HEIGHT - 2 * MARGIN), 1),
        )


def _share(value: float, low: float, high: float) -> float:
    """How far a value is from the low end to the high one, 0 to 1; the middle where they are the same."""
    # Halves: the distance between two numbers may be larger than any number.
    span = high / 2 - low / 2
    return min(max((value / 2 - low / 2) / span, 0.0), 1.0) if span > 0 else 0.5
