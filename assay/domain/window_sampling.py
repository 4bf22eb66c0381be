"""Which items of a window are summarised: a few of each size, drawn so that drawing again gives the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.contracts.summarization_windows import Candidate


def allocated(sizes: Mapping[int, int], limit: int) -> dict[int, int]:
    """How many items of each stratum are drawn.

    In proportion to what there is, by largest remainders; but each stratum has one at least, so that rare
    sizes are seen. Where there are more strata than places, the largest have them. On a tie the smaller
    stratum number goes first.

    Args:
        sizes: stratum → items that there are.
        limit: items altogether.

    Returns:
        Stratum → items to draw, never more than there are; strata that have none are left out.
    """
    present = {stratum: size for stratum, size in sizes.items() if size > 0}
    first = sorted(present, key=lambda stratum: (-present[stratum], stratum))[: max(limit, 0)]
    drawn = dict.fromkeys(first, 1)
    left = {stratum: present[stratum] - 1 for stratum in first}
    places = min(limit - len(first), sum(left.values()))
    if places <= 0:
        return drawn
    total = sum(left.values())
    for stratum, size in left.items():
        drawn[stratum] += places * size // total
    remaining = places - sum(places * size // total for size in left.values())
    by_remainder = sorted(left, key=lambda stratum: (-(places * left[stratum] % total), stratum))
    for stratum in by_remainder[:remaining]:
        drawn[stratum] += 1
    return drawn


def sample(candidates: Sequence[Candidate], limit: int) -> list[Candidate]:
    """The items that are drawn, by stratum.

    Args:
        candidates: of each stratum the first ones in the order in which they are drawn, `limit` if there are
            as many.
        limit: items altogether.
    """
    places = allocated({each.stratum: each.of_stratum for each in candidates}, limit)
    drawn = []
    for candidate in sorted(candidates, key=lambda each: each.stratum):
        if places.get(candidate.stratum, 0) > 0:
            places[candidate.stratum] -= 1
            drawn.append(candidate)
    return drawn


def candidates_in_all(candidates: Sequence[Candidate]) -> int:
    """How many items there are, drawn or not."""
    return sum({each.stratum: each.of_stratum for each in candidates}.values())
