"""What people read about a clustering run before it begins."""

from __future__ import annotations

from typing import Final

from assay.contracts.clustering import AnalysisLevel
from assay.contracts.clustering_workflows import ClusteringRunInput
from assay.domain.run_details import cell, short

ITEMS: Final = {
    AnalysisLevel.TRACE: "traces",
    AnalysisLevel.GENERATION: "generations",
    AnalysisLevel.EVALUATION: "verdicts",
}
"""Level → what is put into clusters, in the plural."""


def clustering_summary(given: ClusteringRunInput, level: AnalysisLevel, job_name: str) -> str:
    """One line for the list of workflows.

    Args:
        job_name: empty without a job.
    """
    whose = f"“{short(job_name)}”" if job_name else f"project {given.project_id}"
    return f"Clusters of the {ITEMS[level]} of {_days(given.days)} for {whose}"


def clustering_facts(given: ClusteringRunInput, level: AnalysisLevel, job_name: str) -> str:
    """What was asked for, as Markdown; fixed for the life of the run.

    Args:
        job_name: empty without a job.
    """
    job = f"**{cell(job_name)}** `{given.job_id}`" if job_name else "none: the project's configuration"
    label = f"| Label | {cell(given.run_label)} |\n" if given.run_label else ""
    return (
        f"| | |\n|---|---|\n"
        f"| Clustering job | {job} |\n"
        f"| What | {ITEMS[level]} of {_days(given.days)}, {given.max_items:,} at most |\n"
        f"| Project | {given.project_id} |\n"
        f"| Trigger | {given.trigger} |\n"
        f"{label}"
    )


def _days(days: int) -> str:
    return "a day" if days == 1 else f"{days} days"
