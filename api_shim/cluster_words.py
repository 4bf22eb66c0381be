"""What the page of a clustering run says of its clusters, in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import (
    NOISE,
    Cluster,
    ClusterChange,
    ClusterHistory,
    ClusteringRun,
    LabelSource,
)
from assay.domain.cluster_labels.naming import OUTLIERS
from assay.domain.counts import counted
from assay.domain.report_messages.markdown import parse, plain
from assay.domain.report_words import number

_KEYWORDS_OF_A_NAME = 3
_ITEMS: Final = {
    AnalysisLevel.TRACE: ("trace", "traces"),
    AnalysisLevel.GENERATION: ("generation", "generations"),
    AnalysisLevel.EVALUATION: ("verdict", "verdicts"),
}
_COUNTED: Final = {
    ClusterChange.KEPT: "kept",
    ClusterChange.BORN: "new",
    ClusterChange.SPLIT: "split off",
    ClusterChange.MERGED: "merged",
}
_SOURCES: Final = {
    LabelSource.MODEL: "by a model",
    LabelSource.KEYWORDS: "from keywords",
    LabelSource.PREVIOUS: "from the run before",
}
_BULLET = re.compile(r"\s*(?:[-*+•]|[0-9]{1,3}[.)])\s+")


def items_of(level: AnalysisLevel, count: int) -> str:
    """How many of what was put into clusters: `1 trace`, `1,204 verdicts`."""
    return counted(count, *_ITEMS[level])


def items_named(level: AnalysisLevel) -> str:
    """What was put into clusters, in the plural."""
    return _ITEMS[level][1]


def name_of(cluster: Cluster) -> str:
    """What a cluster is called; where nobody named it, by its keywords."""
    if cluster.shape.id == NOISE:
        return OUTLIERS.title
    if cluster.label is not None and cluster.label.title.strip():
        return cluster.label.title
    return ", ".join(cluster.shape.keywords[:_KEYWORDS_OF_A_NAME]) or f"Cluster {cluster.shape.id}"


def change(cluster: Cluster, before: Mapping[int, str]) -> str:
    """What a cluster is to those of the run before; empty where there was none.

    Args:
        before: names of those, as far as they are known.
    """
    history = cluster.history
    if history is None:
        return ""
    own = cluster.shape.id
    others = [_quoted(each, before) for each in history.previous if each != own]
    match history.change:
        case ClusterChange.BORN:
            return "New"
        case ClusterChange.SPLIT:
            return f"Split off from {_and(others)}" if others else "Split"
        case ClusterChange.MERGED:
            return f"Merged: took in {_and(others)}" if others else "Merged"
    earlier = before.get(own, name_of(cluster))
    return "Kept" if earlier == name_of(cluster) else f"Kept; it was called “{earlier}”"


def similarity(history: ClusterHistory | None) -> str:
    """How much a cluster is like the one that it goes on from."""
    if history is None or history.similarity is None:
        return ""
    return f"similarity {history.similarity:.2f}"


def changes(clusters: Sequence[Cluster], died: int) -> str:
    """How many clusters were kept, are new …; empty where nothing is known of a run before."""
    kinds = Counter(each.history.change for each in clusters if each.history is not None)
    parts = [f"{number(kinds[kind])} {word}" for kind, word in _COUNTED.items() if kinds[kind]]
    if died:
        parts.append(f"{number(died)} gone")
    return ", ".join(parts)


def gone(run: ClusteringRun, before: Mapping[int, str]) -> tuple[str, ...]:
    """Names of the clusters that are no more."""
    return tuple(before.get(cluster, f"Cluster {cluster}") for cluster in run.counts.died)


def namers(clusters: Sequence[Cluster]) -> str:
    """Who named the clusters: `6 by a model, 2 from keywords`."""
    sources = Counter(
        each.label.source for each in clusters if each.label is not None and each.shape.id != NOISE
    )
    return ", ".join(f"{number(sources[kind])} {word}" for kind, word in _SOURCES.items() if sources[kind])


def points_of(description: str) -> tuple[str, ...]:
    """The bullets of a description, as text: what a model wrote as Markdown becomes no markup."""
    lines = (_BULLET.sub("", line, count=1) for line in description.splitlines())
    return tuple(text for line in lines if (text := _plain(line)))


def clipped(text: str, most: int) -> str:
    """A text, or its beginning."""
    text = text.strip()
    return text if len(text) <= most else f"{text[:most].rstrip()} …"


def _plain(line: str) -> str:
    inline = [token for token in parse(line, {}) if token.type == "inline"]
    said = " ".join(plain(token.children or []) for token in inline).strip()
    return said or line.strip()


def _quoted(cluster: int, before: Mapping[int, str]) -> str:
    return f"“{before[cluster]}”" if cluster in before else f"cluster {cluster}"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
