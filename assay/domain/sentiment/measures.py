"""How good a classifier is, on texts whose labels are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BINS: Final = 15


def macro_recall(found: Sequence[int], labels: Sequence[int]) -> float:
    """The mean, over the labels that occur, of the share of a label's texts that were given it."""
    right: dict[int, list[bool]] = {}
    for one, label in zip(found, labels, strict=True):
        right.setdefault(label, []).append(one == label)
    return sum(sum(hits) / len(hits) for hits in right.values()) / len(right)


def accuracy(found: Sequence[int], labels: Sequence[int]) -> float:
    """The share of texts that were given their label."""
    return sum(one == label for one, label in zip(found, labels, strict=True)) / len(labels)


def calibration_error(
    probabilities: Sequence[Sequence[float]], labels: Sequence[int], weights: Sequence[float] | None = None
) -> float:
    """The expected calibration error: how far the probability of the label is from how often it is right.

    Args:
        probabilities: of each label, for each text.
        weights: of the texts; None: all the same.

    Returns:
        The mean, over fifteen bins of equal width and weighted by what is in them, of the distance between
        the mean probability and the share that is right.
    """
    weights = weights or [1.0] * len(labels)
    bins: list[list[float]] = [[0.0, 0.0, 0.0] for _ in range(_BINS)]
    for chances, label, weight in zip(probabilities, labels, weights, strict=True):
        best = max(chances)
        place = bins[min(int(best * _BINS), _BINS - 1)]
        place[0] += weight
        place[1] += weight * best
        place[2] += weight * (chances[label] == best)
    total = sum(place[0] for place in bins)
    return sum(abs(believed - right) for _, believed, right in bins) / total
