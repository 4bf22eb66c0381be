"""What people read about `clustering-run` in the Temporal UI while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from assay.contracts.clustering_runs import ClusteringRunStatus
from assay.contracts.clustering_workflows import ClusteringNumbers, ClusteringPlan, ItemsClustered
from assay.domain.clustering_starts import ITEMS
from assay.domain.counts import counted
from assay.domain.run_details import cell

SKIPPED: Final = {
    "job_gone": "the clustering job is gone",
    "job_off": "the clustering job is switched off",
    "has_jobs": "the project has clustering jobs of its own now",
    "no_items": "nothing was captured in the window that passes the filters",
    "no_text": "nothing of what was drawn says anything",
}
"""Why there was nothing to do → in words."""

NO_LABELS: Final = {
    "no_consent": "the organisation has not agreed to AI data processing",
    "no_model": "there is no model to ask",
}
"""Why no model was asked → in words."""


@dataclass(frozen=True, slots=True)
class ClusteringProgress:
    """How far a run is.

    Attributes:
        doing: what happens at the moment.
        plan: what the run is about; None: it is not known yet.
        groups: questions for names.
        outcome: None: it goes on.
    """

    doing: str = "Records the run"
    plan: ClusteringPlan | None = None
    numbers: ClusteringNumbers = field(default_factory=ClusteringNumbers)
    groups: int = 0
    outcome: ClusteringRunStatus | None = None


def skip_reason(code: str) -> str:
    """A reason as the registry keeps it: a code and a sentence."""
    words = SKIPPED[code]
    return f"{code}: {words[0].upper()}{words[1:]}."


def clustering_details(progress: ClusteringProgress) -> str:
    """How far a run is, as Markdown."""
    plan = progress.plan
    lines = [_heading(progress)]
    if plan is not None and not plan.skip:
        whose = f"the clustering job **{cell(plan.job_name)}**" if plan.job_name else "the project"
        window = f"{_minute(plan.since)} to {_minute(plan.until)} UTC"
        lines.append(f"{ITEMS[plan.level].capitalize()} of {window}, for {whose}. Run `{plan.run_id}`.")
    rows = [f"| {name} | {value} |" for name, value in _rows(progress)]
    if rows:
        lines.append("\n".join(["| | |", "|---|---|", *rows]))
    lines += [f"⚠️ {cell(problem)}" for problem in progress.numbers.problems]
    return "\n\n".join(lines)


def _heading(progress: ClusteringProgress) -> str:
    if progress.outcome is ClusteringRunStatus.SKIPPED:
        return f"## ⏭️ skipped: {progress.doing}"
    clustered = progress.numbers.clustered
    if progress.outcome is ClusteringRunStatus.COMPLETED and clustered is not None:
        return f"## ✅ {clusters_words(clustered)}"
    return f"## {progress.doing}"


def clusters_words(clustered: ItemsClustered) -> str:
    """How many clusters there are."""
    return counted(clustered.clusters, "cluster")


def _rows(progress: ClusteringProgress) -> Iterator[tuple[str, str]]:
    numbers = progress.numbers
    if (sampled := numbers.sampled) is not None:
        yield "Sample", f"{sampled.drawn:,} of {sampled.found:,}"
    if (read := numbers.read) is not None:
        yield "With text", f"{read.with_text:,} ({read.summarised:,} by their summary)"
    if (embedded := numbers.embedded) is not None:
        yield "Vectors", f"{embedded.made:,} made, {embedded.cached:,} there (`{embedded.model}`)"
    if (clustered := numbers.clustered) is not None:
        yield from _cluster_rows(clustered)
        yield from _label_rows(progress)
    if (sentiment := numbers.sentiment) is not None and not sentiment.skip:
        yield "Sentiment", f"of {counted(sentiment.texts, 'text')}"


def _cluster_rows(clustered: ItemsClustered) -> Iterator[tuple[str, str]]:
    stable = "" if clustered.stability is None else f", stability {clustered.stability:.2f}"
    yield "Clusters", f"{clustered.clusters} (`{clustered.method}`{stable})"
    yield "Largest cluster", f"{clustered.largest_share:.0%} of the items"
    yield "Outliers", f"{clustered.noise:,}"
    changes = {
        "kept": clustered.kept,
        "born": clustered.born,
        "split": clustered.split,
        "merged": clustered.merged,
        "died": len(clustered.died),
    }
    yield (
        "Since the last run",
        ", ".join(f"{count} {name}" for name, count in changes.items() if count) or "–",
    )


def _label_rows(progress: ClusteringProgress) -> Iterator[tuple[str, str]]:
    numbers = progress.numbers
    if progress.groups:
        cost = "price unknown" if numbers.cost_usd is None else f"${numbers.cost_usd:.6f}"
        yield "Named by a model", f"{numbers.labelled_by_model} by {_model(numbers.label_model)} ({cost})"
    if numbers.carried:
        yield "Named as before", str(numbers.carried)
    if numbers.label_problem:
        yield "Named by keywords", cell(numbers.label_problem)


def _model(name: str) -> str:
    return f"`{name.replace('`', '')}`" if name else "none"


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"
