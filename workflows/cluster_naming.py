"""A model names the clusters of a run, a few per question; what it cannot name keeps its name of keywords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.cluster_labels import ClusterLabelActivities
from assay.contracts.clustering_workflows import ClusteringStep, ClustersLabelled, LabelClusters
from assay.domain.clustering_details import NO_LABELS
from assay.errors import ContextWindowExceeded, ProviderPermissionDenied, RequestRejected
from assay.temporal.failures import failure_code, failure_message
from assay.temporal.queues import TaskQueue
from assay.temporal.retry import LABEL_CALL

_OF_ONE_QUESTION: Final = frozenset(
    error.code for error in (ContextWindowExceeded, ProviderPermissionDenied, RequestRejected)
)
"""Failures that say nothing about the next question: its texts are others."""


@dataclass(frozen=True, slots=True)
class Named:
    """What has come of the questions.

    Attributes:
        questions: that were begun, repairs not counted.
        clusters: that have a name of the model.
        problem: why others have none; empty: there are no others.
        cost_usd: None as soon as a price is unknown.
    """

    questions: int = 0
    clusters: int = 0
    problem: str = ""
    model: str = ""
    cost_usd: float | None = 0.0


class Naming:
    """Asks one question after the other, so that no two clusters get the same name.

    Args:
        show: is told after each answer what has come of all so far.
    """

    def __init__(self, step: ClusteringStep, show: Callable[[Named], None]) -> None:
        self._step = step
        self._tell = show
        self._named = Named()

    async def name(self, groups: tuple[tuple[int, ...], ...]) -> None:
        """Have the clusters of each group named, until nobody answers any more."""
        for clusters in groups:
            self._show(questions=self._named.questions + 1)
            try:
                if skip := await self._name(clusters):
                    self._show(problem=NO_LABELS.get(skip, skip))
                    return
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                self._show(problem=f"{failure_code(error)}: {failure_message(error)}")
                if failure_code(error) not in _OF_ONE_QUESTION:
                    return
        missing = sum(map(len, groups)) - self._named.clusters
        if missing and not self._named.problem:
            self._show(problem=f"the model did not name {missing} of the clusters as it should")

    async def _name(self, clusters: tuple[int, ...]) -> str:
        """Ask for some names, and once more if something is wrong with them; why nobody may be asked."""
        question = LabelClusters(step=self._step, clusters=clusters)
        first = await self._ask(question)
        if not first.problems:
            return first.skip
        again = question.model_copy(update={"is_repair": True, "problems": first.problems})
        return (await self._ask(again, named=len(first.labelled))).skip

    async def _ask(self, question: LabelClusters, *, named: int = 0) -> ClustersLabelled:
        """The answer to a question.

        Args:
            named: clusters of it that have a name of the model already.
        """
        what = "Mend the names of" if question.is_repair else "Name"
        answer = await workflow.execute_activity_method(
            ClusterLabelActivities.label,
            question,
            task_queue=TaskQueue.LLM,
            summary=f"{what} {len(question.clusters)} of the clusters",
            **LABEL_CALL.options,
        )
        if answer.skip:
            return answer
        so_far = self._named
        known = so_far.cost_usd is not None and answer.cost_usd is not None
        self._show(
            clusters=so_far.clusters + len(answer.labelled) - named,
            model=answer.model or so_far.model,
            cost_usd=(so_far.cost_usd or 0.0) + (answer.cost_usd or 0.0) if known else None,
        )
        return answer

    def _show(self, **changes: Any) -> None:
        self._named = replace(self._named, **changes)
        self._tell(self._named)
