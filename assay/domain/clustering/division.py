"""Which way distinct items are divided: by the stable structure, by agglomeration, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assay.domain.clustering.agglomeration import agglomerated
from assay.domain.clustering.canonical import DistinctRows
from assay.domain.clustering.growth import alike, cohesive, fenced, fences, isolation, mean_cosine, voted
from assay.domain.clustering.model import ClusteringParameters, Fallback, Floats, Labels
from assay.domain.clustering.neighbours import Neighbours, nearest, principal
from assay.domain.clustering.structure import Structure, landscape, most_stable

_ISOLATION: Final = 5
"""Neighbours that say how isolated an item is."""


@dataclass(frozen=True, slots=True)
class Division:
    """The cluster of each distinct row, and how it was found."""

    labels: Labels
    fallback: Fallback = Fallback.NONE
    stability: float | None = None
    minimum_size: int | None = None


def divide(
    distinct: DistinctRows, settings: ClusteringParameters, progress: Callable[[str], None]
) -> Division:
    """Divide distinct rows; rows of zeros are noise."""
    labels = np.full(len(distinct.rows), -1, dtype=np.int32)
    words = np.flatnonzero(distinct.rows.any(axis=1))
    rows, counts = distinct.rows[words], distinct.counts[words]
    if len(rows) < settings.few_items:
        division = _of_few(rows, counts, settings)
    else:
        division = _of_many(rows, counts, settings, progress)
    labels[words] = division.labels
    return Division(labels, division.fallback, division.stability, division.minimum_size)


def _of_few(rows: Floats, counts: NDArray[np.int64], settings: ClusteringParameters) -> Division:
    labels = agglomerated(rows, counts)
    if labels is None:
        return _undivided(rows, counts, settings)
    return Division(labels, Fallback.FEW_ITEMS)


def _undivided(rows: Floats, counts: NDArray[np.int64], settings: ClusteringParameters) -> Division:
    """One cluster, if at least two items are alike; else none."""
    if counts.sum() >= 2 and mean_cosine(rows, counts) >= settings.alike:
        return Division(np.zeros(len(rows), dtype=np.int32), Fallback.ONE_CLUSTER)
    return Division(np.full(len(rows), -1, dtype=np.int32), Fallback.NO_CLUSTERS)


def _of_many(
    rows: Floats,
    counts: NDArray[np.int64],
    settings: ClusteringParameters,
    progress: Callable[[str], None],
) -> Division:
    """The stable structure of the first items; the others join by the vote of their neighbours among them."""
    progress("neighbours")
    points = principal(rows, settings.components)
    inner = min(len(rows), settings.structure_items)
    whole = landscape(points[:inner], counts[:inner], settings)
    progress("stability")
    structure = most_stable(whole, points[:inner], counts[:inner], settings)
    progress("join")
    found = _with_outer(points, inner, whole.found)
    division = _settled(rows, counts, found, structure, inner=inner, settings=settings)
    isolated = isolation(rows, rows, found.places[:, :_ISOLATION])
    labels = alike(division.labels, rows, counts) if division.fallback is Fallback.NONE else division.labels
    limits = fences(labels[:inner], isolated[:inner])
    labels = fenced(labels, isolated, limits)
    return Division(labels, division.fallback, division.stability, division.minimum_size)


def _with_outer(points: Floats, inner: int, found: Neighbours) -> Neighbours:
    """The neighbours, among the first `inner` points, of all."""
    outer = nearest(points[inner:], points[:inner], found.places.shape[1], themselves=False)
    return Neighbours(
        np.concatenate((found.places, outer.places)),
        np.concatenate((found.similarities, outer.similarities)),
    )


def _settled(
    rows: Floats,
    counts: NDArray[np.int64],
    found: Neighbours,
    structure: Structure | None,
    *,
    inner: int,
    settings: ClusteringParameters,
) -> Division:
    """The structure, if it is stable and holds together, with all items in it."""
    if structure is None or structure.stability < settings.least_stability:
        return _undivided(rows, counts, settings)
    labels = cohesive(structure.labels, rows[:inner], counts[:inner])
    clusters = int(labels.max(initial=-1)) + 1
    if clusters == 0:
        return _undivided(rows, counts, settings)
    outer = Neighbours(found.places[inner:], found.similarities[inner:])
    everyone = np.concatenate((labels, voted(labels, outer, clusters)))
    return Division(everyone, Fallback.NONE, structure.stability, structure.minimum_size)
