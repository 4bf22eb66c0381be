"""What a run says about how its clusters came about: `$ai_clustering_params`."""

from __future__ import annotations

from typing import Any

from assay.contracts.clustering_workflows import ClusteringNumbers, ClusteringRunInput


def run_parameters(given: ClusteringRunInput, numbers: ClusteringNumbers) -> dict[str, Any]:
    """The parameters of a run: names of PostHog first, then Assay's own.

    Args:
        numbers: what its steps have come to; those that never ran say nothing.
    """
    embedded, clustered = numbers.embedded, numbers.clustered
    parameters: dict[str, Any] = {"max_samples": given.max_items, "lookback_days": given.days}
    if embedded is not None:
        parameters |= {"embedding_model": embedded.model, "embedding_dimensions": embedded.dimensions}
    if clustered is not None:
        parameters |= {
            "clustering_method": clustered.method,
            "clustering_method_params": {"min_cluster_size": clustered.min_cluster_size},
            "stability": clustered.stability,
            "largest_share": clustered.largest_share,
            **clustered.parameters,
        }
        parameters["labels"] = {
            "by_model": numbers.labelled_by_model,
            "carried": numbers.carried,
            "model": numbers.label_model,
            "problem": numbers.label_problem,
        }
    if numbers.problems:
        parameters["problems"] = list(numbers.problems)
    return parameters
