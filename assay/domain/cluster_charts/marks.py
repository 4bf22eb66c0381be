"""By what clusters are told apart: a colour and a shape each.

Twelve colours are as many as people tell apart; they are chosen so that they stay apart for people who see
no red, no green or no blue, and neighbours among them have different shapes. Clusters beyond the twelve
largest have a colour again, and a shape that none of the twelve has.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from assay.contracts.clustering_runs import NOISE, ClusterShape

COLORS: Final = 12


class Shape(StrEnum):
    """Of the mark of an item."""

    DOT = "dot"
    SQUARE = "square"
    CROSS = "cross"
    """Of the clusters that are not among the largest."""


class Mark(NamedTuple):
    """How the items of a cluster are drawn.

    Attributes:
        color: 0 to COLORS - 1, a colour of the page's style sheet; None: grey.
    """

    color: int | None
    shape: Shape


GREY: Final = Mark(None, Shape.DOT)
"""Of what belongs to no cluster."""


def marks_of(clusters: Sequence[ClusterShape]) -> dict[int, Mark]:
    """Cluster's id → its mark.

    A cluster that is among the largest again in the next run has its colour again, unless an older one
    wants it too: its id says which one it would like.

    Args:
        clusters: the largest first, noise anywhere.
    """
    ids = [cluster.id for cluster in clusters if cluster.id != NOISE]
    marks = {NOISE: GREY}
    free = set(range(COLORS))
    for cluster in sorted(ids[:COLORS]):
        color = next(color for step in range(COLORS) if (color := (cluster + step) % COLORS) in free)
        free.remove(color)
        marks[cluster] = Mark(color, Shape.SQUARE if color % 2 else Shape.DOT)
    return marks | {cluster: Mark(cluster % COLORS, Shape.CROSS) for cluster in ids[COLORS:]}
