"""HDBSCAN along a graph: one tree of densities, from which clusters of any smallest size are read.

Campello, Moulavi and Sander (2013), with the selection by excess of mass. Distances are known along the edges
of the neighbour graph alone, so that the tree costs the edges and not the pairs; parts that no edge connects
join at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from assay.domain.clustering.model import Floats, Labels

_CORE: Final = 5
"""The neighbour whose distance is an item's core distance (HDBSCAN's min_samples)."""

_TINY: Final = 1e-6
"""Added to distances: csgraph takes 0 for "no edge"."""


@dataclass(frozen=True, slots=True)
class DensityTree:
    """Single linkage: node n + i joins two nodes at distance `heights[i]`; leaves are the items 0 … n-1."""

    children: list[tuple[int, int]]
    heights: list[float]
    sizes: list[int]
    """Items in each node, leaves included, with their multiplicity."""

    @property
    def leaves(self) -> int:
        """How many distinct items there are."""
        return len(self.heights) + 1

    @property
    def root(self) -> int:
        """The node that holds all."""
        return len(self.sizes) - 1

    def split(self, node: int) -> tuple[float, int, int] | None:
        """The density (1 / distance) at which a node falls apart, and its parts; None for a leaf."""
        if node < self.leaves:
            return None
        first, second = self.children[node - self.leaves]
        return 1 / self.heights[node - self.leaves], first, second


def density_tree(embedding: Floats, places: NDArray[np.int64], counts: NDArray[np.int64]) -> DensityTree:
    """The tree of items in an embedding, along their edges.

    Args:
        embedding: n x d.
        places: n x k, each item's neighbours; a negative one is none.
        counts: how often each item occurs.
    """
    spanning = minimum_spanning_tree(_connected(_reachability(embedding, places))).tocoo()
    order = np.lexsort((spanning.col, spanning.row, spanning.data))
    ends = np.column_stack((spanning.row, spanning.col))[order].tolist()
    return _linked(ends, spanning.data[order].tolist(), counts.tolist())


def _reachability(embedding: Floats, places: NDArray[np.int64]) -> csr_array[Any]:
    """Mutual reachability distances of neighbours."""
    count, width = places.shape
    there = places >= 0
    starts = np.repeat(np.arange(count), width).reshape(count, width)
    distances = np.linalg.norm(embedding[starts] - embedding[places], axis=2).astype(np.float64)
    distances[~there] = np.inf
    core = np.sort(distances, axis=1)[:, min(_CORE, width) - 1]
    known = np.where(there, distances, -np.inf).max(axis=1, initial=0)
    core = np.where(np.isfinite(core), core, known)
    reach = np.maximum(distances, np.maximum(core[starts], core[places])) + _TINY
    low, high = np.minimum(starts, places)[there], np.maximum(starts, places)[there]
    _, once = np.unique(low * count + high, return_index=True)
    return csr_array((reach[there][once], (low[once], high[once])), shape=(count, count))


def _connected(graph: csr_array[Any]) -> csr_array[Any]:
    """The graph with its parts joined by edges that are longer than all others."""
    parts, part_of = connected_components(graph, directed=False)
    if parts == 1:
        return graph
    _, first = np.unique(part_of, return_index=True)
    longest = np.full(parts - 1, 4 * graph.data.max(initial=1.0))
    return csr_array(graph + csr_array((longest, (first[:-1], first[1:])), shape=graph.shape))


def _linked(ends: list[list[int]], heights: list[float], counts: list[int]) -> DensityTree:
    parents = list(range(len(counts) + len(ends)))
    sizes, children = list(counts), []

    def top(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for start, end in ends:
        first, second = top(start), top(end)
        parents[first] = parents[second] = len(sizes)
        children.append((first, second))
        sizes.append(sizes[first] + sizes[second])
    return DensityTree(children, heights, sizes)


@dataclass(slots=True)
class _Branch:
    """A cluster of the condensed tree, while it is read."""

    node: int
    birth: float
    mass: float = 0.0
    parts: tuple[int, ...] = ()


def labels_at(tree: DensityTree, minimum_size: int, largest: float) -> Labels:
    """The clusters of at least `minimum_size` items with the largest excess of mass; -1 is noise.

    Args:
        tree: of densities.
        minimum_size: a smaller part that falls off is noise, not a cluster.
        largest: a cluster of more items is divided where it can be.
    """
    branches = _condensed(tree, minimum_size)
    best = [branch.mass for branch in branches]
    chosen = [True] * len(branches)
    for number in range(len(branches) - 1, -1, -1):
        branch = branches[number]
        if not branch.parts:
            continue
        below = sum(best[part] for part in branch.parts)
        if number == 0 or below > branch.mass or tree.sizes[branch.node] > largest:
            chosen[number], best[number] = False, below
    chosen[0] = False
    return _written(tree, branches, chosen)


def _condensed(tree: DensityTree, minimum_size: int) -> list[_Branch]:
    """The branches of the tree; parts come after the branch that they are parts of."""
    branches = [_Branch(tree.root, 0.0)]
    waiting = [(tree.root, 0)]
    while waiting:
        node, number = waiting.pop()
        divided = tree.split(node)
        if divided is None:
            continue
        density, *parts = divided
        branch = branches[number]
        if all(tree.sizes[part] >= minimum_size for part in parts):
            branch.mass += tree.sizes[node] * (density - branch.birth)
            branch.parts = (len(branches), len(branches) + 1)
            waiting += [(part, len(branches) + offset) for offset, part in enumerate(parts)]
            branches += [_Branch(part, density) for part in parts]
            continue
        for part in parts:
            if tree.sizes[part] >= minimum_size:
                waiting.append((part, number))
            else:
                branch.mass += tree.sizes[part] * (density - branch.birth)
    return branches


def _written(tree: DensityTree, branches: list[_Branch], chosen: list[bool]) -> Labels:
    labels = np.full(tree.leaves, -1, dtype=np.int32)
    waiting, label = [0], 0
    while waiting:
        number = waiting.pop()
        if not chosen[number]:
            waiting += branches[number].parts
            continue
        inside = [branches[number].node]
        while inside:
            node = inside.pop()
            if node < tree.leaves:
                labels[node] = label
            else:
                inside += tree.children[node - tree.leaves]
        label += 1
    return labels
