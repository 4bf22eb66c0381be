"""Which cluster is which one of the run before.

Samples are drawn by a stable hash, so that most items of one run are in the next one too. Two clusters are
alike by the Jaccard index of their members among these shared items. Where less than a fifth of the smaller
run is shared (another window, other filters), the cosine of their centroids counts instead, if the vectors
are of one model. Pairs are assigned one to one with the largest total similarity.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from assay.contracts.clustering_runs import ClusterChange

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ENOUGH_SHARED: Final = 0.2
"""Of the items in clusters of the smaller run."""

_SAME_MEMBERS: Final = 0.3
"""Jaccard index from which a cluster keeps its identity."""

_SAME_CENTROID: Final = 0.85
"""Cosine from which it does, where few items are shared."""

_MOST: Final = 0.5
"""Of the shared items of a cluster: so many come from, or went to, another one."""


@dataclass(frozen=True, slots=True)
class MatchedCluster:
    """A cluster as matching sees it."""

    id: int
    items: Collection[str]
    """Ids of its members."""
    centroid: NDArray[np.float32] | None = None
    """None: it cannot be compared with that of the other run (another embedding model)."""


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a cluster."""

    id: int
    """The stable id: that of the previous cluster it goes on from, or a new one."""
    change: ClusterChange
    previous: tuple[int, ...] = ()
    """Ids that it comes from, the one that it is most alike to first; empty if it was born."""
    similarity: float = 0.0
    """0 … 1, to the first of them."""


@dataclass(frozen=True, slots=True)
class Matching:
    """A run beside the previous one."""

    matches: Mapping[int, Match]
    """By the id that the current cluster was given to the function under."""
    died: tuple[int, ...]
    """Previous ids that nothing goes on from and that were not merged into another cluster."""
    next_id: int
    by_items: bool = field(default=True)
    """Whether shared items decided; else centroids."""


def match(previous: Sequence[MatchedCluster], current: Sequence[MatchedCluster], next_id: int) -> Matching:
    """Give current clusters the identity of previous ones.

    - *kept*: it goes on from one.
    - *merged*: it goes on from one and has most of another one, which ends.
    - *split*: most of it comes from one that goes on elsewhere; its id is new.
    - *born*: none of these; its id is new.

    Args:
        previous: clusters of the run before, with their stable ids.
        current: with ids of their own, which say nothing; new ids are given in their order.
        next_id: above all stable ids that were ever given.
    """
    import numpy as np

    if not previous or not current:
        born = {one.id: Match(next_id + place, ClusterChange.BORN) for place, one in enumerate(current)}
        return Matching(born, tuple(sorted(one.id for one in previous)), next_id + len(born))
    before = sorted(previous, key=lambda one: one.id)
    shared = _shared(before, current)
    by_items = bool(shared.sum() >= _ENOUGH_SHARED * _smaller(before, current))
    similarity = _jaccard(shared) if by_items else _cosines(before, current)
    goes_on = _assigned(similarity, _SAME_MEMBERS if by_items else _SAME_CENTROID)
    flow = shared if by_items else np.zeros_like(shared)
    return _named(before, current, similarity, flow, goes_on, next_id=next_id, by_items=by_items)


def _shared(previous: Sequence[MatchedCluster], current: Sequence[MatchedCluster]) -> NDArray[np.float64]:
    """How many items each previous cluster has in common with each current one."""
    import numpy as np

    places = {item: row for row, one in enumerate(previous) for item in one.items}
    counts = np.zeros((len(previous), len(current)))
    for column, one in enumerate(current):
        for item in one.items:
            row = places.get(item)
            if row is not None:
                counts[row, column] += 1
    return counts


def _smaller(previous: Sequence[MatchedCluster], current: Sequence[MatchedCluster]) -> int:
    return max(1, min(sum(len(one.items) for one in run) for run in (previous, current)))


def _jaccard(shared: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of members among the items that are in a cluster in both runs: others tell nothing of what moved."""
    import numpy as np

    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _cosines(previous: Sequence[MatchedCluster], current: Sequence[MatchedCluster]) -> NDArray[np.float64]:
    import numpy as np

    cosines = np.zeros((len(previous), len(current)))
    for row, old in enumerate(previous):
        for column, new in enumerate(current):
            if old.centroid is None or new.centroid is None or old.centroid.shape != new.centroid.shape:
                continue
            lengths = float(np.linalg.norm(old.centroid) * np.linalg.norm(new.centroid))
            cosines[row, column] = float(old.centroid @ new.centroid) / lengths if lengths > 0 else 0.0
    return np.clip(cosines, 0, 1)


def _assigned(similarity: NDArray[np.float64], least: float) -> dict[int, int]:
    """Rows by column, one to one, with the largest total similarity; pairs below `least` are none."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-np.where(similarity >= least, similarity, 0))
    return {
        int(column): int(row)
        for row, column in zip(rows, columns, strict=True)
        if similarity[row, column] >= least
    }


def _named(
    previous: Sequence[MatchedCluster],
    current: Sequence[MatchedCluster],
    similarity: NDArray[np.float64],
    flow: NDArray[np.float64],
    goes_on: Mapping[int, int],
    *,
    next_id: int,
    by_items: bool,
) -> Matching:
    """Matches from the assignment and from where most items went."""
    went = _mostly(flow)
    came = _mostly(flow.T)
    ended = {row: column for row, column in went.items() if row not in goes_on.values()}
    matches: dict[int, Match] = {}
    merged: set[int] = set()
    for column, one in enumerate(current):
        if (row := goes_on.get(column)) is not None:
            others = sorted(old for old, new in ended.items() if new == column)
            merged.update(others)
            change = ClusterChange.MERGED if others else ClusterChange.KEPT
            ids = tuple(previous[place].id for place in (row, *others))
            matches[one.id] = Match(ids[0], change, ids, float(similarity[row, column]))
            continue
        parent = came.get(column)
        if parent is None or parent not in goes_on.values():
            matches[one.id] = Match(next_id, ClusterChange.BORN)
        else:
            alike = float(similarity[parent, column])
            matches[one.id] = Match(next_id, ClusterChange.SPLIT, (previous[parent].id,), alike)
        next_id += 1
    over = set(range(len(previous))) - set(goes_on.values()) - merged
    return Matching(matches, tuple(previous[row].id for row in sorted(over)), next_id, by_items)


def _mostly(flow: NDArray[np.float64]) -> dict[int, int]:
    """For each row the column that more than half of it goes to, if there is one."""
    totals = flow.sum(axis=1)
    return {
        row: int(flow[row].argmax())
        for row in range(len(flow))
        if totals[row] > 0 and flow[row].max() > _MOST * totals[row]
    }
