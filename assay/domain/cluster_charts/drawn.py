"""Which items are drawn where there are more of them than a browser likes to show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

from assay.contracts.clustering_runs import Placement

MOST_DRAWN: Final = 5_000
"""Points of a picture: with their titles, some half a megabyte."""

_LEAST: Final = 20
"""Of each cluster, so that a small one still has a shape beside one of 30,000."""


def drawn(placements: Sequence[Placement], *, most: int = MOST_DRAWN) -> list[Placement]:
    """The items to draw: all, or of each cluster a share, which a hash of the ids chooses.

    The next run draws the same items again as far as they are there: a picture changes because the items
    do, not because of the draw.

    Args:
        most: never more than these.
    """
    if len(placements) <= most:
        return list(placements)
    members: dict[int, list[Placement]] = defaultdict(list)
    for placement in placements:
        members[placement.cluster].append(placement)
    shares = shares_of({cluster: len(items) for cluster, items in members.items()}, most)
    return [item for cluster, items in members.items() for item in sorted(items, key=_lot)[: shares[cluster]]]


def shares_of(sizes: Mapping[int, int], most: int) -> dict[int, int]:
    """How many items of each cluster are drawn: a few at least, and the rest by size.

    Args:
        sizes: cluster → its items; more than `most` together.
    """
    least = min(_LEAST, most // (2 * len(sizes)))
    sure = {cluster: min(size, least) for cluster, size in sizes.items()}
    places, rest = most - sum(sure.values()), sum(sizes.values()) - sum(sure.values())
    return {
        cluster: sure[cluster] + places * (size - sure[cluster]) // rest for cluster, size in sizes.items()
    }


def _lot(placement: Placement) -> bytes:
    # Ids come from SDKs, in which half a surrogate pair is a string too.
    return blake2b(placement.item_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
