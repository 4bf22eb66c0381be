"""What a model answered to the question for names: how it is read, and what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from assay.contracts.clustering_runs import ClusterLabel, LabelSource
from assay.domain.cluster_labels.naming import folded
from assay.domain.cluster_labels.prompt import FEWEST_BULLETS, FEWEST_WORDS, MOST_BULLETS, MOST_WORDS
from assay.domain.fences import unfenced
from assay.domain.plain_text import one_line

_TITLE_CHARS: Final = 200
_BULLET_CHARS: Final = 500

_NOT_JSON: Final = "It is not the JSON object that was asked for."


class _Entry(BaseModel):
    """As a model may spell it; further keys are ignored."""

    model_config = ConfigDict(strict=True)

    cluster: int
    title: str
    description: list[str]


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    clusters: list[_Entry]


class CheckedLabels(NamedTuple):
    """An answer that was held against what was asked.

    Attributes:
        labels: cluster → its name, where nothing is wrong with it.
        problems: what is wrong with the others, in words of ours; empty: there are no others.
    """

    labels: dict[int, ClusterLabel]
    problems: tuple[str, ...]


def check_labels(text: str, asked: Sequence[int], taken: Collection[str]) -> CheckedLabels:
    """Read an answer and hold it against the question.

    Clusters that were not asked about are ignored, and surplus bullets are left out.

    Args:
        asked: ids of clusters.
        taken: names of other clusters, as `folded`.
    """
    answer = _read(text)
    if answer is None:
        return CheckedLabels({}, (_NOT_JSON,))
    entries: dict[int, list[_Entry]] = {cluster: [] for cluster in asked}
    for entry in answer.clusters:
        if entry.cluster in entries:
            entries[entry.cluster].append(entry)
    titles = Counter(_folded(found[0]) for found in entries.values() if found)
    labels, problems = {}, []
    for cluster, found in entries.items():
        problem = _problem(found, titles, taken)
        if problem is None:
            labels[cluster] = _label(found[0])
        else:
            problems.append(f"Cluster {cluster}: {problem}")
    return CheckedLabels(labels, tuple(problems))


def merged(first: Mapping[int, ClusterLabel], mended: Mapping[int, ClusterLabel]) -> dict[int, ClusterLabel]:
    """The names of two answers to the same question: those of the first, and what only the second has.

    No two titles are the same.
    """
    found = dict(first)
    titles = {folded(label.title) for label in first.values()}
    for cluster, label in mended.items():
        if cluster not in found and folded(label.title) not in titles:
            found[cluster] = label
            titles.add(folded(label.title))
    return found


def _read(text: str) -> _Answer | None:
    try:
        return _Answer.model_validate(json.loads(unfenced(text)))
    except (ValueError, RecursionError, ValidationError):
        return None


def _problem(found: Sequence[_Entry], titles: Mapping[str, int], taken: Collection[str]) -> str | None:
    if not found:
        return "it is not named."
    if len(found) > 1:
        return "it is named more than once."
    [entry] = found
    title = _folded(entry)
    words = len(title.split())
    if not FEWEST_WORDS <= words <= MOST_WORDS or len(title) > _TITLE_CHARS:
        return f"its title has {words} words, and not {FEWEST_WORDS} to {MOST_WORDS}."
    if titles[title] > 1 or title in taken:
        return "another cluster has the same title."
    if len(_bullets(entry)) < FEWEST_BULLETS:
        return f"its description has fewer than {FEWEST_BULLETS} sentences."
    return None


def _label(entry: _Entry) -> ClusterLabel:
    return ClusterLabel(
        title=one_line(entry.title),
        description="\n".join(f"- {bullet}" for bullet in _bullets(entry)[:MOST_BULLETS]),
        source=LabelSource.MODEL,
    )


def _bullets(entry: _Entry) -> list[str]:
    tidied = (one_line(bullet).lstrip("-*• ")[:_BULLET_CHARS].rstrip() for bullet in entry.description)
    return [bullet for bullet in tidied if bullet]


def _folded(entry: _Entry) -> str:
    return folded(one_line(entry.title))
