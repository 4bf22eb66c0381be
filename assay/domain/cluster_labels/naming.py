"""Names of clusters that need no model: of the run before, of keywords, and of what belongs to none."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Final

from assay.contracts.clustering_runs import (
    NOISE,
    Cluster,
    ClusterChange,
    ClusterLabel,
    LabelSource,
)
from assay.domain.clustering import title_of

SIMILAR: Final = 0.8
"""A cluster that is so similar to what it was keeps its name."""

MOST_OF_GROUP: Final = 10
"""Clusters that one question is about."""

_SHOWN_KEYWORDS: Final = 10

OUTLIERS: Final = ClusterLabel(
    title="Outliers",
    description=(
        "- They resemble no others closely enough to belong to a cluster.\n"
        "- Each is a case of its own: rare wishes, single accidents, or the beginning of something new."
    ),
    source=LabelSource.KEYWORDS,
)


def carried(clusters: Sequence[Cluster], before: Mapping[int, Cluster]) -> dict[int, ClusterLabel]:
    """The names that kept clusters have from the run before, where a model gave them.

    Args:
        before: id → cluster of that run.
    """
    found = {}
    for cluster in clusters:
        label = _earlier_label(cluster, before)
        if label is not None and label.source is not LabelSource.KEYWORDS:
            found[cluster.shape.id] = label.model_copy(update={"source": LabelSource.PREVIOUS})
    return found


def keyword_labels(
    clusters: Sequence[Cluster], taken: Container[str], before: Mapping[int, Cluster]
) -> dict[int, ClusterLabel]:
    """Names for clusters that nobody has named, each another one; where one was kept, the one that it had.

    Args:
        taken: names that others have, as `folded`.
        before: id → cluster of the run before.
    """
    found: dict[int, ClusterLabel] = {}
    used: set[str] = set()
    for cluster in clusters:
        shape = cluster.shape
        if shape.id == NOISE:
            found[NOISE] = OUTLIERS
            continue
        earlier = _earlier_label(cluster, before)
        title = earlier.title if earlier else title_of(shape.keywords) or f"Cluster {shape.id}"
        if folded(title) in taken or folded(title) in used:
            title = f"{title} ({shape.id})"
        used.add(folded(title))
        shown = ", ".join(shape.keywords[:_SHOWN_KEYWORDS])
        found[shape.id] = ClusterLabel(
            title=title,
            description=f"- Words that set it apart: {shown}" if shown else "",
            source=LabelSource.KEYWORDS,
        )
    return found


def groups(ids: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The clusters of each question, as even as possible."""
    count = -(-len(ids) // MOST_OF_GROUP)
    return tuple(
        tuple(ids[number * len(ids) // count : (number + 1) * len(ids) // count]) for number in range(count)
    )


def folded(title: str) -> str:
    """Titles that differ in nothing else than spaces and capitals are the same."""
    return " ".join(title.casefold().split())


def _earlier_label(cluster: Cluster, before: Mapping[int, Cluster]) -> ClusterLabel | None:
    """What a cluster was called that is much the same still."""
    history, earlier = cluster.history, before.get(cluster.shape.id)
    if earlier is None or history is None or history.change is not ClusterChange.KEPT:
        return None
    return earlier.label if (history.similarity or 0) >= SIMILAR else None
