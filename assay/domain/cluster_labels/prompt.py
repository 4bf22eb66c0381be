"""The question for the names of some clusters, and the shape of its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_runs import Cluster, PlacedItem
from assay.contracts.models import ModelMessage
from assay.domain.fences import fence_rule, fenced
from assay.domain.json_values import well_formed
from assay.domain.report_author.results import clipped

PROMPT_VERSION: Final = "1"
"""Part of what an answer depends on; change it with the question."""

USUAL_MODEL: Final = "gpt-5-mini"
"""Of OpenAI."""

MOST_SAMPLES: Final = 8
"""Of a cluster."""

FEWEST_WORDS: Final = 3
MOST_WORDS: Final = 10
FEWEST_BULLETS: Final = 2
MOST_BULLETS: Final = 5

_SAMPLE_CHARS: Final = 400
_KEYWORDS: Final = 15
_KEYWORD_CHARS: Final = 60
_NAMES: Final = 100
_NAME_CHARS: Final = 120
_ANSWER_CHARS: Final = 10_000

_ITEMS: Final[Mapping[AnalysisLevel, str]] = {
    AnalysisLevel.TRACE: "traces, each of which is all that happened for one request of a user",
    AnalysisLevel.GENERATION: "generations, each of which is one answer of a language model",
    AnalysisLevel.EVALUATION: "verdicts, each of which an automatic evaluation reached about one answer",
}

_TASK: Final = f"""\
You help the team that runs an AI application to see what it is used for. Its {{items}}, were put into \
clusters by the similarity of their texts. You are shown some clusters: their size, the words that set them \
apart from all others, and texts from their middle.

{{fence_rule}}

# Task
Name each cluster by what its texts have in common and the other clusters do not have.

# How to answer
Answer with one JSON object and nothing else: "clusters", a list with one entry for each cluster that you \
are shown.
- "cluster": its number, copied exactly.
- "title": {FEWEST_WORDS} to {MOST_WORDS} English words, concrete, without a final full stop. No two titles \
are the same, and none repeats a name that another cluster has already.
- "description": {FEWEST_BULLETS} to {MOST_BULLETS} short English sentences, one per string, on what people \
want there, what typically happens, and what sets it apart.
"""


def label_schema() -> dict[str, Any]:
    """JSON Schema of an answer, within what OpenAI's strict mode takes."""
    entry = _object(
        cluster={"type": "integer"},
        title={"type": "string"},
        description={"type": "array", "items": {"type": "string"}},
    )
    return _object(clusters={"type": "array", "items": entry})


def shown_clusters(clusters: Sequence[Cluster], samples: Mapping[int, Sequence[PlacedItem]]) -> str:
    """What a question shows of its clusters: all that its answer is about.

    Args:
        samples: cluster → its items, those that stand for it best first.
    """
    return "\n".join(_cluster_line(cluster, samples.get(cluster.shape.id, ())) for cluster in clusters)


def ask_for_labels(
    level: AnalysisLevel, shown: str, names: Sequence[str], boundary: str
) -> tuple[ModelMessage, ...]:
    """The question.

    Args:
        shown: see `shown_clusters`.
        names: of the other clusters of the run.
        boundary: see `assay.domain.fences`.
    """
    system = _TASK.format(items=_ITEMS[level], fence_rule=fence_rule(boundary))
    parts = [fenced("CLUSTERS", shown, boundary)]
    if names:
        others = "\n".join(_line(clipped(name, _NAME_CHARS)) for name in names[:_NAMES])
        parts.insert(0, "Names of other clusters:\n" + fenced("NAMES", others, boundary))
    return (
        ModelMessage(role="system", content=system),
        ModelMessage(role="user", content="\n\n".join(parts)),
    )


def ask_again(
    question: tuple[ModelMessage, ...], answer: str, problems: Sequence[str], boundary: str
) -> tuple[ModelMessage, ...]:
    """A question, with what is wrong with the answer that it got.

    Args:
        problems: in words of ours.
    """
    *before, last = question
    parts = [
        last.content,
        "# Your last answer\n" + fenced("ANSWER", well_formed(clipped(answer, _ANSWER_CHARS)), boundary),
        "# What is wrong with it\n" + "\n".join(f"- {problem}" for problem in problems),
        "Answer again, in full, without these problems.",
    ]
    return (*before, ModelMessage(role="user", content="\n\n".join(parts)))


def _cluster_line(cluster: Cluster, samples: Sequence[PlacedItem]) -> str:
    """One line of JSON: a text cannot pass for another cluster."""
    shape = cluster.shape
    return _line(
        {
            "cluster": shape.id,
            "size": shape.size,
            "keywords": [clipped(word, _KEYWORD_CHARS) for word in shape.keywords[:_KEYWORDS]],
            "samples": [clipped(_said(placed), _SAMPLE_CHARS) for placed in samples[:MOST_SAMPLES]],
        }
    )


def _said(placed: PlacedItem) -> str:
    return " ".join((placed.item.text or placed.item.title).split())


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _line(value: Any) -> str:
    return well_formed(json.dumps(value, ensure_ascii=False))
